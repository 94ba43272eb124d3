//! The Lambda function `get-subscription`.

use billing::get_subscription::{GetSubscription, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &GetSubscription::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
