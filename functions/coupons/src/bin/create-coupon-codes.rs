//! The Lambda function `create-coupon-codes`.

use coupons::create_coupon_codes::{CreateCouponCodes, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateCouponCodes::new, handle).await
}
