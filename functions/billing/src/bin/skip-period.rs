//! The Lambda function `skip-period`.

use billing::skip_period::{SkipPeriod, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(SkipPeriod::new, handle).await
}
