//! The Lambda function `list-vouchers`.

use auctions::list_vouchers::{ListVouchers, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ListVouchers::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
