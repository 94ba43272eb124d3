//! The Lambda function `list-subscriptions`.

use billing::list_subscriptions::{ListSubscriptions, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListSubscriptions::new, handle).await
}
