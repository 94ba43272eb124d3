//! The Lambda function `change-subscription`.

use billing::change_subscription::{ChangeSubscription, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ChangeSubscription::new, handle).await
}
