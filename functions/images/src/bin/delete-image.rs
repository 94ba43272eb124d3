//! The Lambda function `delete-image`.

use images::delete_image::{DeleteImage, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &DeleteImage::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
