//! The Lambda function `resize-image`.

use images::resize_image::{ResizeImage, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), ResizeImage::new, handle).await
}
