//! The Lambda function `update-categories`.

use catalog::update_categories::{UpdateCategories, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateCategories::new, handle).await
}
