//! The Lambda function `resolve-review`.

use payments::resolve_review::{ResolveReview, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ResolveReview::new, handle).await
}
