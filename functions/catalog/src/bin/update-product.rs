//! The Lambda function `update-product`.

use catalog::update_product::{UpdateProduct, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateProduct::new, handle).await
}
