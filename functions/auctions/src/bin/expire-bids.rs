//! The Lambda function `expire-bids`.

use auctions::expire_bids::{ExpireBids, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), ExpireBids::new, handle).await
}
