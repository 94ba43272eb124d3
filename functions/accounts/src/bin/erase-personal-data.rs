//! The Lambda function `erase-personal-data`.

use accounts::erase_personal_data::{ErasePersonalData, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ErasePersonalData::new, handle).await
}
