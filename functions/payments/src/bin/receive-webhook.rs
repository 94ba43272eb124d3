//! The Lambda function `receive-webhook`.

use payments::receive_webhook::{ReceiveWebhook, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReceiveWebhook::new, handle).await
}
