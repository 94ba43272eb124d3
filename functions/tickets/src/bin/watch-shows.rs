//! The Lambda function `watch-shows`.

use shared::aws::lambda::serve;
use tickets::watch_shows::{WatchShows, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), WatchShows::new, handle).await
}
