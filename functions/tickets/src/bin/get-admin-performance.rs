//! The Lambda function `get-admin-performance`.

use shared::aws::lambda::serve;
use tickets::get_admin_performance::{GetAdminPerformance, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminPerformance::new, handle).await
}
