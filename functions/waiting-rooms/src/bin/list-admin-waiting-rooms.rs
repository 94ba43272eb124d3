//! The Lambda function `list-admin-waiting-rooms`.

use shared::aws::lambda::serve;
use waiting_rooms::list_admin_waiting_rooms::{ListAdminWaitingRooms, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListAdminWaitingRooms::new, handle).await
}
