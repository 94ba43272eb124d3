//! The Lambda function `close-shipment`.

use fulfillment::close_shipment::{CloseShipment, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CloseShipment::new, handle).await
}
