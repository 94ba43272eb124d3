//! The Lambda function `update-waiting-room`.

use shared::aws::lambda::serve;
use waiting_rooms::update_waiting_room::{UpdateWaitingRoom, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UpdateWaitingRoom::new, handle).await
}
