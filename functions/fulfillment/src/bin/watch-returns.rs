//! The Lambda function `watch-returns`.

use fulfillment::watch_returns::{WatchReturns, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), WatchReturns::new, handle).await
}
