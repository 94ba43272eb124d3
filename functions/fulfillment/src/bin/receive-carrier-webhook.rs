//! The Lambda function `receive-carrier-webhook`.

use fulfillment::receive_carrier_webhook::{ReceiveCarrierWebhook, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReceiveCarrierWebhook::new, handle).await
}
