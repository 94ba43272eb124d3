//! The Lambda function `get-waiting-room`.

use shared::aws::lambda::serve;
use waiting_rooms::get_waiting_room::{GetWaitingRoom, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetWaitingRoom::new, handle).await
}
