//! The Lambda function `create-quote`.

use orders::create_quote::{CreateQuote, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateQuote::new, handle).await
}
