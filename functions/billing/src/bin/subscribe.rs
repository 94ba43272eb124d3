//! The Lambda function `subscribe`.

use billing::subscribe::{Subscribe, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(Subscribe::new, handle).await
}
