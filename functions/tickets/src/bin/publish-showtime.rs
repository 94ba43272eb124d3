//! The Lambda function `publish-showtime`.

use shared::aws::lambda::serve;
use tickets::publish_showtime::{PublishShowtime, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PublishShowtime::new, handle).await
}
