//! The Lambda function `start-payment`.

use payments::start_payment::{StartPayment, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &StartPayment::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
