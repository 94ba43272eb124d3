//! The Lambda function `place-bid`.

use auctions::place_bid::{PlaceBid, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PlaceBid::new, handle).await
}
