//! The Lambda function `credit-points`.

use auctions::credit_points::{CreditPoints, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(CreditPoints::new, handle).await
}
