//! The Lambda function `get-export`.

use catalog::get_export::{GetExport, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetExport::new, handle).await
}
