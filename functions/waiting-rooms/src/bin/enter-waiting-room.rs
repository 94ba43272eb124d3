//! The Lambda function `enter-waiting-room`.

use shared::aws::lambda::serve;
use waiting_rooms::enter_waiting_room::{EnterWaitingRoom, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(EnterWaitingRoom::new, handle).await
}
