//! The Lambda function `list-stock-movements`.

use catalog::list_stock_movements::{ListStockMovements, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListStockMovements::new, handle).await
}
