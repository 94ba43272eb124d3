//! The Lambda function `purge-image`.

use images::purge_image::{PurgeImage, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &PurgeImage::from_env().await?;
    events::serve(|delivery, invocation| handle(function, delivery, invocation)).await
}
