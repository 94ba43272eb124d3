//! The Lambda function `get-ticket`.

use shared::aws::lambda::serve;
use tickets::get_ticket::{GetTicket, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetTicket::new, handle).await
}
