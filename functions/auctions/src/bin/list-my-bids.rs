//! The Lambda function `list-my-bids`.

use auctions::list_my_bids::{ListMyBids, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ListMyBids::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
