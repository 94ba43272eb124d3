//! The Lambda function `update-performer`.

use shared::aws::lambda::serve;
use tickets::update_performer::{UpdatePerformer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdatePerformer::new, handle).await
}
