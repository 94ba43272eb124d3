//! The Lambda function `update-performance`.

use shared::aws::lambda::serve;
use tickets::update_performance::{UpdatePerformance, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdatePerformance::new, handle).await
}
