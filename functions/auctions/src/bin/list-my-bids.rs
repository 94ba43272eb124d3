//! The Lambda function `list-my-bids`.

use auctions::list_my_bids::{ListMyBids, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListMyBids::new, handle).await
}
