//! The Lambda function `put-product`: wiring only, the function itself is the library beside it.

use put_product::{PutProduct, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &PutProduct::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
