//! The Lambda function `list-bids`.

use auctions::list_bids::{ListBids, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ListBids::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
