//! The Lambda function `watch-products`.

use catalog::watch_products::{WatchProducts, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), WatchProducts::new, handle).await
}
