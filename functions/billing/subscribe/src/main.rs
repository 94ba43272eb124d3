//! The Lambda function `subscribe`: wiring only, the function itself is the library beside it.

use shared::edge::{http, telemetry};
use subscribe::{Subscribe, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &Subscribe::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
