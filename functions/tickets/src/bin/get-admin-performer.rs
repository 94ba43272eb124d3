//! The Lambda function `get-admin-performer`.

use shared::aws::lambda::serve;
use tickets::get_admin_performer::{GetAdminPerformer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminPerformer::new, handle).await
}
