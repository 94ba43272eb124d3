//! The Lambda function `list-vouchers`.

use auctions::list_vouchers::{ListVouchers, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListVouchers::new, handle).await
}
