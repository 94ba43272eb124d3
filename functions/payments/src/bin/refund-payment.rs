//! The Lambda function `refund-payment`.

use payments::refund_payment::{RefundPayment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), RefundPayment::new, handle).await
}
