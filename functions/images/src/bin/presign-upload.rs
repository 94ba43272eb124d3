//! The Lambda function `presign-upload`.

use images::presign_upload::{PresignUpload, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &PresignUpload::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
