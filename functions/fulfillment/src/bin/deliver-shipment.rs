//! The Lambda function `deliver-shipment`.

use fulfillment::deliver_shipment::{DeliverShipment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(DeliverShipment::new, handle).await
}
