//! The Lambda function `get-showtime`.

use shared::aws::lambda::serve;
use tickets::get_showtime::{GetShowtime, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetShowtime::new, handle).await
}
