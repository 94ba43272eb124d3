//! The Lambda function `list-showtimes`.

use shared::aws::lambda::serve;
use tickets::list_showtimes::{ListShowtimes, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListShowtimes::new, handle).await
}
