//! The Lambda function `refund-payment`.

use payments::refund_payment::{RefundPayment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(RefundPayment::new, handle).await
}
