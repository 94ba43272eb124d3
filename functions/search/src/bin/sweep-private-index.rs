//! The Lambda function `sweep-private-index`.

use search::sweep_private_index::{SweepPrivateIndex, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), SweepPrivateIndex::new, handle).await
}
