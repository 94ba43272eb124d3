//! The Lambda function `register-voucher`.

use auctions::register_voucher::{RegisterVoucher, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &RegisterVoucher::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
