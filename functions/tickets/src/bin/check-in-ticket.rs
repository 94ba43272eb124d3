//! The Lambda function `check-in-ticket`.

use shared::aws::lambda::serve;
use tickets::check_in_ticket::{CheckInTicket, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CheckInTicket::new, handle).await
}
