//! The Lambda function `list-customer-subscriptions`.

use billing::list_customer_subscriptions::{ListCustomerSubscriptions, handle};
use shared::aws::lambda::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    serve::http(ListCustomerSubscriptions::new, handle).await
}
