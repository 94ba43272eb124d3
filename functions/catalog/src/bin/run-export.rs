//! The Lambda function `run-export`.

use catalog::run_export::{RunExport, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), RunExport::new, handle).await
}
