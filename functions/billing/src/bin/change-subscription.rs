//! The Lambda function `change-subscription`.

use billing::change_subscription::{ChangeSubscription, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ChangeSubscription::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
