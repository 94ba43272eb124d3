//! The Lambda function `claim-coupon`.

use coupons::claim_coupon::{ClaimCoupon, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ClaimCoupon::new, handle).await
}
