//! The Lambda function `get-coupon`.

use coupons::get_coupon::{GetCoupon, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetCoupon::new, handle).await
}
