//! The Lambda function `claim-coupon-code`.

use coupons::claim_coupon_code::{ClaimCouponCode, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ClaimCouponCode::new, handle).await
}
