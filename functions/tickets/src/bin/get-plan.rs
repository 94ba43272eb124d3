//! The Lambda function `get-plan`.

use shared::aws::lambda::serve;
use tickets::get_plan::{GetPlan, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetPlan::new, handle).await
}
