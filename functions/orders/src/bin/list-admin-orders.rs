//! The Lambda function `list-admin-orders`.

use orders::list_admin_orders::{ListAdminOrders, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminOrders::new, handle).await
}
