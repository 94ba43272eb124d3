//! The Lambda function `list-performers`.

use shared::aws::lambda::serve;
use tickets::list_performers::{ListPerformers, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListPerformers::new, handle).await
}
