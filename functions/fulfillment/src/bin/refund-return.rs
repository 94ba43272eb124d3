//! The Lambda function `refund-return`.

use fulfillment::refund_return::{RefundReturn, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(RefundReturn::new, handle).await
}
