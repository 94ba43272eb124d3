//! The Lambda function `count-remaining-seats`.

use shared::aws::lambda::serve;
use tickets::count_remaining_seats::{CountRemainingSeats, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), CountRemainingSeats::new, handle).await
}
