//! The Lambda function `get-product`.

use catalog::get_product::{GetProduct, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetProduct::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
