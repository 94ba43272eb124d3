//! The Lambda function `write-index`.

use search::write_index::{WriteIndex, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), WriteIndex::new, handle).await
}
