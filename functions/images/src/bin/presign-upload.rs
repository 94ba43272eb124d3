//! The Lambda function `presign-upload`.

use images::presign_upload::{PresignUpload, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(PresignUpload::new, handle).await
}
