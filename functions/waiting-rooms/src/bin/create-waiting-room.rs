//! The Lambda function `create-waiting-room`.

use shared::aws::lambda::serve;
use waiting_rooms::create_waiting_room::{CreateWaitingRoom, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(CreateWaitingRoom::new, handle).await
}
