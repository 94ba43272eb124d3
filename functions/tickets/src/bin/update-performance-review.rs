//! The Lambda function `update-performance-review`.

use shared::aws::lambda::serve;
use tickets::update_performance_review::{UpdatePerformanceReview, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdatePerformanceReview::new, handle).await
}
