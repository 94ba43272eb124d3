//! The Lambda function `continue-resharding`.

use catalog::continue_resharding::{ContinueResharding, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), ContinueResharding::new, handle).await
}
