//! The Lambda function `get-venue`.

use shared::aws::lambda::serve;
use tickets::get_venue::{GetVenue, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetVenue::new, handle).await
}
