//! The Lambda function `list-order-returns`.

use fulfillment::list_order_returns::{ListOrderReturns, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListOrderReturns::new, handle).await
}
