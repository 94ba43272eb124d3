//! The Lambda function `continue-subscription`.

use billing::continue_subscription::{ContinueSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ContinueSubscription::new, handle).await
}
