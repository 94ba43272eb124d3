//! The Lambda function `get-performance`.

use shared::aws::lambda::serve;
use tickets::get_performance::{GetPerformance, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetPerformance::new, handle).await
}
