//! The Lambda function `my-bids`.

use auctions::my_bids::{MyBids, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &MyBids::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
