//! The Lambda function `request-return`.

use fulfillment::request_return::{RequestReturn, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(RequestReturn::new, handle).await
}
