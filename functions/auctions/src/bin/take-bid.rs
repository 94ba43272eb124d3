//! The Lambda function `take-bid`.

use auctions::take_bid::{TakeBid, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(TakeBid::new, handle).await
}
