//! The Lambda function `list-showtime-tickets`.

use shared::aws::lambda::serve;
use tickets::list_showtime_tickets::{ListShowtimeTickets, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListShowtimeTickets::new, handle).await
}
