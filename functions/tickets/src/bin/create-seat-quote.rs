//! The Lambda function `create-seat-quote`.

use shared::aws::lambda::serve;
use tickets::create_seat_quote::{CreateSeatQuote, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateSeatQuote::new, handle).await
}
