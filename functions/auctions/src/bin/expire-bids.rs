//! The Lambda function `expire-bids`.

use auctions::expire_bids::{ExpireBids, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &ExpireBids::from_env().await?;
    events::serve(|_: serde::de::IgnoredAny, invocation| handle(function, invocation)).await
}
