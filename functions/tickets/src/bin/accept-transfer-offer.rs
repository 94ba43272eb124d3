//! The Lambda function `accept-transfer-offer`.

use shared::aws::lambda::serve;
use tickets::accept_transfer_offer::{AcceptTransferOffer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(AcceptTransferOffer::new, handle).await
}
