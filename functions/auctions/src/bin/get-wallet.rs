//! The Lambda function `get-wallet`.

use auctions::get_wallet::{GetWallet, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetWallet::new, handle).await
}
