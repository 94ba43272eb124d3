//! The Lambda function `charge-subscription`.

use billing::charge_subscription::{ChargeSubscription, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &ChargeSubscription::from_env().await?;
    events::serve(|batch, invocation| handle(function, batch, invocation)).await
}
