//! The Lambda function `get-categories`.

use catalog::get_categories::{GetCategories, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetCategories::new, handle).await
}
