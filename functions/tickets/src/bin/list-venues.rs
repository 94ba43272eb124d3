//! The Lambda function `list-venues`.

use shared::aws::lambda::serve;
use tickets::list_venues::{ListVenues, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListVenues::new, handle).await
}
