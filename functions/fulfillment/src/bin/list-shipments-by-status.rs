//! The Lambda function `list-shipments-by-status`.

use fulfillment::list_shipments_by_status::{ListShipmentsByStatus, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListShipmentsByStatus::new, handle).await
}
