//! The Lambda function `write-private-index`.

use search::write_private_index::{WritePrivateIndex, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), WritePrivateIndex::new, handle).await
}
