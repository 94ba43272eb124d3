//! The Lambda function `replace-ticket-code`.

use shared::aws::lambda::serve;
use tickets::replace_ticket_code::{ReplaceTicketCode, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReplaceTicketCode::new, handle).await
}
