//! The Lambda function `credit-points`: wiring only, the function itself is the library beside it.

use credit_points::{CreditPoints, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &CreditPoints::from_env().await?;
    events::serve(|delivery, invocation| handle(function, delivery, invocation)).await
}
