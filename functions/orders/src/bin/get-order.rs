//! The Lambda function `get-order`.

use orders::get_order::{GetOrder, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetOrder::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
