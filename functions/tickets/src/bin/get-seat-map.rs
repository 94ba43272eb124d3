//! The Lambda function `get-seat-map`.

use shared::aws::lambda::serve;
use tickets::get_seat_map::{GetSeatMap, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(GetSeatMap::new, handle).await
}
