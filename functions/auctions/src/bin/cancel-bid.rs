//! The Lambda function `cancel-bid`.

use auctions::cancel_bid::{CancelBid, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &CancelBid::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
