//! The Lambda function `list-imports`.

use catalog::list_imports::{ListImports, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListImports::new, handle).await
}
