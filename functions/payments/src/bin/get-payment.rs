//! The Lambda function `get-payment`.

use payments::get_payment::{GetPayment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetPayment::new, handle).await
}
