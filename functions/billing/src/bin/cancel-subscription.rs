//! The Lambda function `cancel-subscription`.

use billing::cancel_subscription::{CancelSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CancelSubscription::new, handle).await
}
