//! The Lambda function `hold-seats`.

use shared::aws::lambda::serve;
use tickets::hold_seats::{HoldSeats, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(HoldSeats::new, handle).await
}
