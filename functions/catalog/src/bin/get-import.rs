//! The Lambda function `get-import`.

use catalog::get_import::{GetImport, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetImport::new, handle).await
}
