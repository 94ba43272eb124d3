//! The Lambda function `get-waiting-room-page`.

use shared::aws::lambda::serve;
use waiting_rooms::get_waiting_room_page::{GetWaitingRoomPage, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetWaitingRoomPage::new, handle).await
}
