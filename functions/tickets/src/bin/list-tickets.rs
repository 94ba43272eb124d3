//! The Lambda function `list-tickets`.

use shared::aws::lambda::serve;
use tickets::list_tickets::{ListTickets, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListTickets::new, handle).await
}
