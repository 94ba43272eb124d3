//! The Lambda function `cancel-showtime-orders`.

use shared::aws::lambda::serve;
use tickets::cancel_showtime_orders::{CancelShowtimeOrders, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), CancelShowtimeOrders::new, handle).await
}
