//! The Lambda function `list-plans`.

use shared::aws::lambda::serve;
use tickets::list_plans::{ListPlans, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListPlans::new, handle).await
}
