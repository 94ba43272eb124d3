//! The Lambda function `resume-subscription`.

use billing::resume_subscription::{ResumeSubscription, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ResumeSubscription::new, handle).await
}
