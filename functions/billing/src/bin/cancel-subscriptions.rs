//! The Lambda function `cancel-subscriptions`.

use billing::cancel_subscriptions::{CancelSubscriptions, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), CancelSubscriptions::new, handle).await
}
