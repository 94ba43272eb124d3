//! The Lambda function `list-invoices`.

use billing::list_invoices::{ListInvoices, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListInvoices::new, handle).await
}
