//! The Lambda function `get-search-index`.

use search::get_search_index::{GetSearchIndex, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetSearchIndex::new, handle).await
}
