//! The Lambda function `payment-webhook`.

use payments::payment_webhook::{PaymentWebhook, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PaymentWebhook::new, handle).await
}
