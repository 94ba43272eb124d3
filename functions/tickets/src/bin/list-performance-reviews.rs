//! The Lambda function `list-performance-reviews`.

use shared::aws::lambda::serve;
use tickets::list_performance_reviews::{ListPerformanceReviews, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListPerformanceReviews::new, handle).await
}
