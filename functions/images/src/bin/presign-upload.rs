//! The Lambda function `presign-upload`.

use images::presign_upload::{PresignUpload, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PresignUpload::new, handle).await
}
