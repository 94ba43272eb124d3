//! The Lambda function `list-wallet-entries`.

use auctions::list_wallet_entries::{ListWalletEntries, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListWalletEntries::new, handle).await
}
