//! The Lambda function `request-new-card`.

use billing::request_new_card::{RequestNewCard, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), RequestNewCard::new, handle).await
}
