//! The Lambda function `get-admin-venue`.

use shared::aws::lambda::serve;
use tickets::get_admin_venue::{GetAdminVenue, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminVenue::new, handle).await
}
