//! The Lambda function `expire-orders`.

use orders::expire_orders::{ExpireOrders, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &ExpireOrders::from_env().await?;
    events::serve(|_: serde::de::IgnoredAny, invocation| handle(function, invocation)).await
}
