//! The Lambda function `delete-own-performance-review`.

use shared::aws::lambda::serve;
use tickets::delete_own_performance_review::{DeleteOwnPerformanceReview, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(DeleteOwnPerformanceReview::new, handle).await
}
