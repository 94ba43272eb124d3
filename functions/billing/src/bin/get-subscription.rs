//! The Lambda function `get-subscription`.

use billing::get_subscription::{GetSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetSubscription::new, handle).await
}
