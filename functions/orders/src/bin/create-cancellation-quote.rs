//! The Lambda function `create-cancellation-quote`.

use orders::create_cancellation_quote::{CreateCancellationQuote, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateCancellationQuote::new, handle).await
}
