//! The Lambda function `refund-payment`.

use payments::refund_payment::{RefundPayment, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &RefundPayment::from_env().await?;
    events::serve(|delivery, invocation| handle(function, delivery, invocation)).await
}
