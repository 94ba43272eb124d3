//! The Lambda function `update-coupon`.

use coupons::update_coupon::{UpdateCoupon, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateCoupon::new, handle).await
}
