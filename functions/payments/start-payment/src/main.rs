//! The Lambda function `start-payment`: wiring only, the function itself is the library beside it.

use shared::edge::{http, telemetry};
use start_payment::{StartPayment, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &StartPayment::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
