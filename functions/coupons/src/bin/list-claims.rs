//! The Lambda function `list-claims`.

use coupons::list_claims::{ListClaims, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListClaims::new, handle).await
}
