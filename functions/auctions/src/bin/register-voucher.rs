//! The Lambda function `register-voucher`.

use auctions::register_voucher::{RegisterVoucher, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(RegisterVoucher::new, handle).await
}
