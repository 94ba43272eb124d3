//! The Lambda function `change-subscription`.

use billing::change_subscription::{ChangeSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ChangeSubscription::new, handle).await
}
