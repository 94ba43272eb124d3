//! The Lambda function `create-performer`.

use shared::aws::lambda::serve;
use tickets::create_performer::{CreatePerformer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreatePerformer::new, handle).await
}
