//! The Lambda function `get-admin-waiting-room`.

use shared::aws::lambda::serve;
use waiting_rooms::get_admin_waiting_room::{GetAdminWaitingRoom, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetAdminWaitingRoom::new, handle).await
}
