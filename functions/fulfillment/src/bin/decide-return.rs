//! The Lambda function `decide-return`.

use fulfillment::decide_return::{DecideReturn, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(DecideReturn::new, handle).await
}
