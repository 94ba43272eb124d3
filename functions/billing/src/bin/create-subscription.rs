//! The Lambda function `create-subscription`.

use billing::create_subscription::{CreateSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateSubscription::new, handle).await
}
