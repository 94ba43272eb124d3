//! The Lambda function `enqueue-due-charges`.

use billing::enqueue_due_charges::{EnqueueDueCharges, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), EnqueueDueCharges::new, handle).await
}
