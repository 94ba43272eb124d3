//! The Lambda function `get-product`.

use catalog::get_product::{GetProduct, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetProduct::new, handle).await
}
