//! The Lambda function `get-order-book`.

use auctions::get_order_book::{GetOrderBook, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetOrderBook::new, handle).await
}
