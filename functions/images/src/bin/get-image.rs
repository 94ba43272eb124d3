//! The Lambda function `get-image`.

use images::get_image::{GetImage, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetImage::new, handle).await
}
