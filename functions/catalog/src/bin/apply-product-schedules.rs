//! The Lambda function `apply-product-schedules`.

use catalog::apply_product_schedules::{ApplyProductSchedules, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::schedule(env!("CARGO_BIN_NAME"), ApplyProductSchedules::new, handle).await
}
