//! The Lambda function `get-order`.

use orders::get_order::{GetOrder, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetOrder::new, handle).await
}
