//! The Lambda function `confirm-payment`.

use payments::confirm_payment::{ConfirmPayment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ConfirmPayment::new, handle).await
}
