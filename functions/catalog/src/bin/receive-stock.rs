//! The Lambda function `receive-stock`.

use catalog::receive_stock::{ReceiveStock, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ReceiveStock::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
