//! The Lambda function `checkout`.

use orders::checkout::{Checkout, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &Checkout::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
