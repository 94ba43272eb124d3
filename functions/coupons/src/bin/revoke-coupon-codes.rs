//! The Lambda function `revoke-coupon-codes`.

use coupons::revoke_coupon_codes::{RevokeCouponCodes, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(RevokeCouponCodes::new, handle).await
}
