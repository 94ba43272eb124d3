//! The Lambda function `erase-lookups`.

use orders::erase_lookups::{EraseLookups, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), EraseLookups::new, handle).await
}
