//! The Lambda function `cancel-order`.

use orders::cancel_order::{CancelOrder, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CancelOrder::new, handle).await
}
