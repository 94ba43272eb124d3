//! The Lambda function `resolve-charge`.

use billing::resolve_charge::{ResolveCharge, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ResolveCharge::new, handle).await
}
