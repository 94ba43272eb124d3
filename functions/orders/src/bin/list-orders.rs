//! The Lambda function `list-orders`.

use orders::list_orders::{ListOrders, handle};
use shared::edge::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let function = &ListOrders::from_env().await?;
    http::serve(|request, invocation| handle(function, request, invocation)).await
}
