//! The Lambda function `list-admin-showtimes`.

use shared::aws::lambda::serve;
use tickets::list_admin_showtimes::{ListAdminShowtimes, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminShowtimes::new, handle).await
}
