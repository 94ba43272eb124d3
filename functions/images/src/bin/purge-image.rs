//! The Lambda function `purge-image`.

use images::purge_image::{PurgeImage, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), PurgeImage::new, handle).await
}
