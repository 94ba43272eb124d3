//! The Lambda function `create-coupon`.

use coupons::create_coupon::{CreateCoupon, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateCoupon::new, handle).await
}
