//! The Lambda function `get-receipt`.

use orders::get_receipt::{GetReceipt, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetReceipt::new, handle).await
}
