//! The Lambda function `search-orders`.

use search::search_orders::{SearchOrders, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(SearchOrders::new, handle).await
}
