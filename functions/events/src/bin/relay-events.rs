//! The Lambda function `relay-events`.

use ::events::relay_events::{RelayEvents, handle};
use shared::edge::{events, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let function = &RelayEvents::from_env().await?;
    events::serve(|batch, invocation| handle(function, batch, invocation)).await
}
