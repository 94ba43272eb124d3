//! The Lambda function `create-showtime`.

use shared::aws::lambda::serve;
use tickets::create_showtime::{CreateShowtime, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateShowtime::new, handle).await
}
