//! The Lambda function `list-admin-performance-reviews`.

use shared::aws::lambda::serve;
use tickets::list_admin_performance_reviews::{ListAdminPerformanceReviews, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminPerformanceReviews::new, handle).await
}
