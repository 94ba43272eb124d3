//! The Lambda function `subscribe`.

use billing::subscribe::{Subscribe, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &Subscribe::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
