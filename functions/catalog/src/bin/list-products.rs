//! The Lambda function `list-products`.

use catalog::list_products::{ListProducts, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListProducts::new, handle).await
}
