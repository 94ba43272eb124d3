//! The Lambda function `run-import`.

use catalog::run_import::{RunImport, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), RunImport::new, handle).await
}
