//! The Lambda function `cancel-order`.

use orders::cancel_order::{CancelOrder, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &CancelOrder::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
