//! The Lambda function `charge-subscription`.

use billing::charge_subscription::{ChargeSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), ChargeSubscription::new, handle).await
}
