//! The Lambda function `update-subscription`.

use billing::update_subscription::{UpdateSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateSubscription::new, handle).await
}
