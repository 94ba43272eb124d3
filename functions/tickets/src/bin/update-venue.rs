//! The Lambda function `update-venue`.

use shared::aws::lambda::serve;
use tickets::update_venue::{UpdateVenue, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateVenue::new, handle).await
}
