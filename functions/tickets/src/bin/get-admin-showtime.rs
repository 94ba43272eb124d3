//! The Lambda function `get-admin-showtime`.

use shared::aws::lambda::serve;
use tickets::get_admin_showtime::{GetAdminShowtime, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminShowtime::new, handle).await
}
