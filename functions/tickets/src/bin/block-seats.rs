//! The Lambda function `block-seats`.

use shared::aws::lambda::serve;
use tickets::block_seats::{BlockSeats, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(BlockSeats::new, handle).await
}
