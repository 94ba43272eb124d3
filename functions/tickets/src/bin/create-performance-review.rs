//! The Lambda function `create-performance-review`.

use shared::aws::lambda::serve;
use tickets::create_performance_review::{CreatePerformanceReview, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreatePerformanceReview::new, handle).await
}
