//! The Lambda function `get-ticket-keys`.

use shared::aws::lambda::serve;
use tickets::get_ticket_keys::{GetTicketKeys, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetTicketKeys::new, handle).await
}
