//! The Lambda function `pause-subscription`.

use billing::pause_subscription::{PauseSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PauseSubscription::new, handle).await
}
