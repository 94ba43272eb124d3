//! The Lambda function `get-payment`.

use payments::get_payment::{GetPayment, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetPayment::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
