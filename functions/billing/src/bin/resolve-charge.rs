//! The Lambda function `resolve-charge`.

use billing::resolve_charge::{ResolveCharge, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ResolveCharge::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
