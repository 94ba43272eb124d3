//! The Lambda function `get-ticket-qr`.

use shared::aws::lambda::serve;
use tickets::get_ticket_qr::{GetTicketQr, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetTicketQr::new, handle).await
}
