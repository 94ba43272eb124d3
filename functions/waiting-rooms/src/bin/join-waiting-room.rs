//! The Lambda function `join-waiting-room`.

use shared::aws::lambda::serve;
use waiting_rooms::join_waiting_room::{JoinWaitingRoom, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(JoinWaitingRoom::new, handle).await
}
