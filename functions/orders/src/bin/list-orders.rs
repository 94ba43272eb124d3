//! The Lambda function `list-orders`.

use orders::list_orders::{ListOrders, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListOrders::new, handle).await
}
