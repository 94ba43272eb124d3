//! The Lambda function `update-own-performance-review`.

use shared::aws::lambda::serve;
use tickets::update_own_performance_review::{UpdateOwnPerformanceReview, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateOwnPerformanceReview::new, handle).await
}
