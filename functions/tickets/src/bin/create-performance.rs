//! The Lambda function `create-performance`.

use shared::aws::lambda::serve;
use tickets::create_performance::{CreatePerformance, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreatePerformance::new, handle).await
}
