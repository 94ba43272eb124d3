//! The Lambda function `receive-return`.

use fulfillment::receive_return::{ReceiveReturn, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ReceiveReturn::new, handle).await
}
