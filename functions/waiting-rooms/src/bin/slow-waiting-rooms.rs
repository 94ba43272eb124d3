//! The Lambda function `slow-waiting-rooms`.

use shared::aws::lambda::serve;
use waiting_rooms::slow_waiting_rooms::{SlowWaitingRooms, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), SlowWaitingRooms::new, handle).await
}
