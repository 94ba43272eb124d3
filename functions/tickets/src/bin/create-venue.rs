//! The Lambda function `create-venue`.

use shared::aws::lambda::serve;
use tickets::create_venue::{CreateVenue, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateVenue::new, handle).await
}
