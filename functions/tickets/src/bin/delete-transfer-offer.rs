//! The Lambda function `delete-transfer-offer`.

use shared::aws::lambda::serve;
use tickets::delete_transfer_offer::{DeleteTransferOffer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(DeleteTransferOffer::new, handle).await
}
