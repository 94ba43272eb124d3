//! Who may call an operation: administrators those under `/admin/`, customers all others.

use function_tests::Shop;
use serde_json::Value;

use crate::operations::{Operation, operations};

#[tokio::test]
async fn a_customers_token_is_refused_under_admin_and_nowhere_else() {
    let shop = Shop::open().await;
    let (mut admin, mut others) = (0, 0);
    for operation in operations(&shop) {
        let call = with_body(&operation);
        let by_customer = operation.send(&shop, call.clone().by("ann")).await;
        let is_forbidden = by_customer.status == 403;
        assert_eq!(
            is_forbidden,
            operation.path.starts_with("/admin/"),
            "{}: {by_customer:?}",
            operation.name
        );
        if is_forbidden {
            assert_eq!(by_customer.problem(), "forbidden", "{}", operation.name);
            admin += 1;
        } else {
            others += 1;
        }
        let by_admin = operation.send(&shop, call).await;
        assert_ne!(by_admin.status, 403, "{}: {by_admin:?}", operation.name);
    }
    assert!(admin >= 5 && others >= 20, "{admin} and {others}");
}

#[tokio::test]
async fn an_operation_without_a_token_is_refused_where_it_needs_one() {
    let shop = Shop::open().await;
    for operation in operations(&shop) {
        let call = with_body(&operation).set("/requestContext/authorizer", Value::Null);
        let answer = operation.send(&shop, call).await;
        // A carrier signs its webhooks instead.
        let needs_signature = operation.path == "/webhooks/carriers";
        assert_eq!(
            answer.status == 401,
            operation.needs_token || needs_signature,
            "{}: {answer:?}",
            operation.name
        );
    }
}

fn with_body(operation: &Operation) -> harness::gateway::Call {
    let call = operation.call.clone();
    match operation.bodies.first() {
        Some(body) => call.json(body),
        None => call,
    }
}
