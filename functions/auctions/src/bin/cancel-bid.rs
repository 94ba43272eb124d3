//! The Lambda function `cancel-bid`.

use auctions::cancel_bid::{CancelBid, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CancelBid::new, handle).await
}
