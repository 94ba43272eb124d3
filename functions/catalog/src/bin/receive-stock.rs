//! The Lambda function `receive-stock`.

use catalog::receive_stock::{ReceiveStock, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReceiveStock::new, handle).await
}
