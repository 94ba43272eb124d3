//! The Lambda function `request-refund`.

use payments::request_refund::{RequestRefund, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &RequestRefund::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
