//! The Lambda function `start-payment`.

use payments::start_payment::{StartPayment, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(StartPayment::new, handle).await
}
