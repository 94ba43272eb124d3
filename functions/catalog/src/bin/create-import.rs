//! The Lambda function `create-import`.

use catalog::create_import::{CreateImport, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateImport::new, handle).await
}
