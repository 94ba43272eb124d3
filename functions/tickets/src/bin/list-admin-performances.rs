//! The Lambda function `list-admin-performances`.

use shared::aws::lambda::serve;
use tickets::list_admin_performances::{ListAdminPerformances, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminPerformances::new, handle).await
}
