//! The Lambda function `upload-scans`.

use shared::aws::lambda::serve;
use tickets::upload_scans::{UploadScans, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UploadScans::new, handle).await
}
