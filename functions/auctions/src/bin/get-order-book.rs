//! The Lambda function `get-order-book`.

use auctions::get_order_book::{GetOrderBook, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetOrderBook::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
