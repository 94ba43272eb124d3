//! The Lambda function `update-order-tickets`.

use shared::aws::lambda::serve;
use tickets::update_order_tickets::{UpdateOrderTickets, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), UpdateOrderTickets::new, handle).await
}
