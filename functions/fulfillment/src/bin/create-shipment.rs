//! The Lambda function `create-shipment`.

use fulfillment::create_shipment::{CreateShipment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateShipment::new, handle).await
}
