//! The Lambda function `mark-seats-sold`.

use shared::aws::lambda::serve;
use tickets::mark_seats_sold::{MarkSeatsSold, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), MarkSeatsSold::new, handle).await
}
