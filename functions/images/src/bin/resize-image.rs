//! The Lambda function `resize-image`.

use images::resize_image::{ResizeImage, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &ResizeImage::from_env().await?;
    events::serve(|delivery, invocation| handle(function, delivery, invocation)).await
}
