//! The Lambda function `index-orders`.

use orders::index_orders::{IndexOrders, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), IndexOrders::new, handle).await
}
