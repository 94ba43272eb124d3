//! The Lambda function `release-seats`.

use shared::aws::lambda::serve;
use tickets::release_seats::{ReleaseSeats, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReleaseSeats::new, handle).await
}
