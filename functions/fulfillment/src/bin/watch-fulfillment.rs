//! The Lambda function `watch-fulfillment`.

use fulfillment::watch_fulfillment::{WatchFulfillment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), WatchFulfillment::new, handle).await
}
