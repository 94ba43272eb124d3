//! The Lambda function `get-admin-coupon`.

use coupons::get_admin_coupon::{GetAdminCoupon, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminCoupon::new, handle).await
}
