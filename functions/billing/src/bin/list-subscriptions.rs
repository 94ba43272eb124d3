//! The Lambda function `list-subscriptions`.

use billing::list_subscriptions::{ListSubscriptions, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ListSubscriptions::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
