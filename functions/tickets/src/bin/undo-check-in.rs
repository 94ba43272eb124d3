//! The Lambda function `undo-check-in`.

use shared::aws::lambda::serve;
use tickets::undo_check_in::{UndoCheckIn, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(UndoCheckIn::new, handle).await
}
