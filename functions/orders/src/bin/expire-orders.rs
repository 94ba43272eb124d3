//! The Lambda function `expire-orders`.

use orders::expire_orders::{ExpireOrders, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), ExpireOrders::new, handle).await
}
