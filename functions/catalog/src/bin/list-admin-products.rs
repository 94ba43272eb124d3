//! The Lambda function `list-admin-products`.

use catalog::list_admin_products::{ListAdminProducts, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminProducts::new, handle).await
}
