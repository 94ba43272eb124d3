//! The Lambda function `search-documents`.

use search::search_documents::{SearchDocuments, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(SearchDocuments::new, handle).await
}
