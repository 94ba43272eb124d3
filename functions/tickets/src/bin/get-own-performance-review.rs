//! The Lambda function `get-own-performance-review`.

use shared::aws::lambda::serve;
use tickets::get_own_performance_review::{GetOwnPerformanceReview, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetOwnPerformanceReview::new, handle).await
}
