//! The Lambda function `update-showtime-orders`.

use shared::aws::lambda::serve;
use tickets::update_showtime_orders::{UpdateShowtimeOrders, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), UpdateShowtimeOrders::new, handle).await
}
