//! The Lambda function `get-wallet`.

use auctions::get_wallet::{GetWallet, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetWallet::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
