//! The Lambda function `create-plan`.

use shared::aws::lambda::serve;
use tickets::create_plan::{CreatePlan, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreatePlan::new, handle).await
}
