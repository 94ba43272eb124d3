//! The Lambda function `list-returns`.

use fulfillment::list_returns::{ListReturns, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListReturns::new, handle).await
}
