//! The Lambda function `reshard-listing`.

use catalog::reshard_listing::{ReshardListing, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReshardListing::new, handle).await
}
