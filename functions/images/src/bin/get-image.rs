//! The Lambda function `get-image`.

use images::get_image::{GetImage, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetImage::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
