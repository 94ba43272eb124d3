//! The Lambda function `cancel-subscription`.

use billing::cancel_subscription::{CancelSubscription, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &CancelSubscription::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
