//! The Lambda function `create-stock-movement`.

use catalog::create_stock_movement::{CreateStockMovement, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateStockMovement::new, handle).await
}
