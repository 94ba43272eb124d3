//! The Lambda function `enqueue-due-charges`.

use billing::enqueue_due_charges::{EnqueueDueCharges, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &EnqueueDueCharges::from_env().await?;
    events::serve(|_: serde::de::IgnoredAny, invocation| handle(function, invocation)).await
}
