//! The Lambda function `cancel-unservable-orders`.

use orders::cancel_unservable_orders::{CancelUnservableOrders, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), CancelUnservableOrders::new, handle).await
}
