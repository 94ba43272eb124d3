//! The Lambda function `reconcile-payments`.

use payments::reconcile_payments::{ReconcilePayments, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), ReconcilePayments::new, handle).await
}
