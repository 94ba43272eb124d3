//! The Lambda function `place-bid`.

use auctions::place_bid::{PlaceBid, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &PlaceBid::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
