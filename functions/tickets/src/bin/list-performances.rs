//! The Lambda function `list-performances`.

use shared::aws::lambda::serve;
use tickets::list_performances::{ListPerformances, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListPerformances::new, handle).await
}
