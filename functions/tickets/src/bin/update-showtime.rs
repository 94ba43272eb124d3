//! The Lambda function `update-showtime`.

use shared::aws::lambda::serve;
use tickets::update_showtime::{UpdateShowtime, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateShowtime::new, handle).await
}
