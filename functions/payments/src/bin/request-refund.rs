//! The Lambda function `request-refund`.

use payments::request_refund::{RequestRefund, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(RequestRefund::new, handle).await
}
