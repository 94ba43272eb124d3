//! The Lambda function `delete-performance`.

use shared::aws::lambda::serve;
use tickets::delete_performance::{DeletePerformance, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(DeletePerformance::new, handle).await
}
