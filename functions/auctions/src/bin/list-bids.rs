//! The Lambda function `list-bids`.

use auctions::list_bids::{ListBids, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListBids::new, handle).await
}
