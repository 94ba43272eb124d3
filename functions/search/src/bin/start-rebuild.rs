//! The Lambda function `start-rebuild`.

use search::start_rebuild::{StartRebuild, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(StartRebuild::new, handle).await
}
