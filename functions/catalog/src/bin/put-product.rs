//! The Lambda function `put-product`.

use catalog::put_product::{PutProduct, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &PutProduct::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
