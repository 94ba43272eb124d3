//! The Lambda function `charge-subscription`: wiring only, the function itself is the library beside it.

use charge_subscription::{ChargeSubscription, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &ChargeSubscription::from_env().await?;
    events::serve(|batch, invocation| handle(function, batch, invocation)).await
}
