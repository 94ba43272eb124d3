//! The Lambda function `reconcile-payments`.

use payments::reconcile_payments::{ReconcilePayments, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &ReconcilePayments::from_env().await?;
    events::serve(|_: serde::de::IgnoredAny, invocation| handle(function, invocation)).await
}
