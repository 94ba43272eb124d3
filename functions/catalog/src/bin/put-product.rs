//! The Lambda function `put-product`.

use catalog::put_product::{PutProduct, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PutProduct::new, handle).await
}
