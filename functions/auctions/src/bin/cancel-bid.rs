//! The Lambda function `cancel-bid`.

use auctions::cancel_bid::{CancelBid, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CancelBid::new, handle).await
}
