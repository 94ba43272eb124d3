//! The Lambda function `payment-webhook`.

use payments::payment_webhook::{PaymentWebhook, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &PaymentWebhook::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
