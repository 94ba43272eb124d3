//! The Lambda function `list-shipments`.

use fulfillment::list_shipments::{ListShipments, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListShipments::new, handle).await
}
