//! The Lambda function `take-bid`.

use auctions::take_bid::{TakeBid, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &TakeBid::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
