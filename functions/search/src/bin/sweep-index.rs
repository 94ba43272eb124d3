//! The Lambda function `sweep-index`.

use search::sweep_index::{SweepIndex, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), SweepIndex::new, handle).await
}
