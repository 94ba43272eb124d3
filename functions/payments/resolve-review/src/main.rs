//! The Lambda function `resolve-review`: wiring only, the function itself is the library beside it.

use resolve_review::{ResolveReview, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ResolveReview::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
