//! The Lambda function `suggest-searches`.

use search::suggest_searches::{SuggestSearches, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(SuggestSearches::new, handle).await
}
