//! The Lambda function `get-delivery-details`.

use orders::get_delivery_details::{GetDeliveryDetails, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetDeliveryDetails::new, handle).await
}
