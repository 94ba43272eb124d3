//! The Lambda function `roll-back-search-index`.

use search::roll_back_search_index::{RollBackSearchIndex, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(RollBackSearchIndex::new, handle).await
}
