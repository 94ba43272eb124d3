//! The Lambda function `delete-image`.

use images::delete_image::{DeleteImage, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(DeleteImage::new, handle).await
}
