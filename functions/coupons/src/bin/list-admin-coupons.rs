//! The Lambda function `list-admin-coupons`.

use coupons::list_admin_coupons::{ListAdminCoupons, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminCoupons::new, handle).await
}
