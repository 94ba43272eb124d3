//! The Lambda function `create-product`.

use catalog::create_product::{CreateProduct, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateProduct::new, handle).await
}
