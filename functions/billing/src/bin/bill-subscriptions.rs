//! The Lambda function `bill-subscriptions`.

use billing::bill_subscriptions::{BillSubscriptions, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &BillSubscriptions::from_env().await?;
    events::serve(|_: serde::de::IgnoredAny, invocation| handle(function, invocation)).await
}
