//! The Lambda function `confirm-payment`.

use payments::confirm_payment::{ConfirmPayment, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ConfirmPayment::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
