//! The Lambda function `checkout`.

use orders::checkout::{Checkout, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(Checkout::new, handle).await
}
