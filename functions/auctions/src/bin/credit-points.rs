//! The Lambda function `credit-points`.

use auctions::credit_points::{CreditPoints, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), CreditPoints::new, handle).await
}
