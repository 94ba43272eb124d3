//! The Lambda function `purge-image`.

use images::purge_image::{PurgeImage, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(PurgeImage::new, handle).await
}
