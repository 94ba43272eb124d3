//! The Lambda function `start-payment`.

use payments::start_payment::{StartPayment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(StartPayment::new, handle).await
}
