//! The Lambda function `subscribe`.

use billing::subscribe::{Subscribe, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(Subscribe::new, handle).await
}
