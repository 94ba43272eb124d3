//! The Lambda function `create-export`.

use catalog::create_export::{CreateExport, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateExport::new, handle).await
}
