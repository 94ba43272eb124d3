//! The Lambda function `get-performer`.

use shared::aws::lambda::serve;
use tickets::get_performer::{GetPerformer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetPerformer::new, handle).await
}
