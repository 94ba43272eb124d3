//! The Lambda function `list-ticket-transfers`.

use shared::aws::lambda::serve;
use tickets::list_ticket_transfers::{ListTicketTransfers, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListTicketTransfers::new, handle).await
}
