//! The Lambda function `create-transfer-offer`.

use shared::aws::lambda::serve;
use tickets::create_transfer_offer::{CreateTransferOffer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateTransferOffer::new, handle).await
}
