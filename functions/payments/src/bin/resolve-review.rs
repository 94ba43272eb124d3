//! The Lambda function `resolve-review`.

use payments::resolve_review::{ResolveReview, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ResolveReview::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
