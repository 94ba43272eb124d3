//! The Lambda function `get-admin-categories`.

use catalog::get_admin_categories::{GetAdminCategories, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminCategories::new, handle).await
}
