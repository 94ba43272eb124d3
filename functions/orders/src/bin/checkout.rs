//! The Lambda function `checkout`.

use orders::checkout::{Checkout, handle};
use shared::edge::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(Checkout::new, handle).await
}
