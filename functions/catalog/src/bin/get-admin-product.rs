//! The Lambda function `get-admin-product`.

use catalog::get_admin_product::{GetAdminProduct, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminProduct::new, handle).await
}
