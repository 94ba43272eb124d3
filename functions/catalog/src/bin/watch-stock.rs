//! The Lambda function `watch-stock`.

use catalog::watch_stock::{WatchStock, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), WatchStock::new, handle).await
}
