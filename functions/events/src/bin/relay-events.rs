//! The Lambda function `relay-events`.

use events::relay_events::{RelayEvents, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::events(env!("CARGO_BIN_NAME"), RelayEvents::new, handle).await
}
