//! The Lambda function `take-bid`: wiring only, the function itself is the library beside it.

use shared::edge::{http, telemetry};
use take_bid::{TakeBid, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &TakeBid::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
