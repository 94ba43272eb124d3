//! The Lambda function `register-voucher`: wiring only, the function itself is the library beside it.

use register_voucher::{RegisterVoucher, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &RegisterVoucher::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
