//! Toss: confirmation, queries, virtual accounts, billing keys.

use sandbox::{Authentication, Method};
use serde_json::{Value, json};

use crate::client::{TestClient, basic, send};

pub fn confirmation(key: &str, order_id: &str, amount: i64) -> Value {
    json!({ "paymentKey": key, "orderId": order_id, "amount": amount })
}

#[tokio::test]
async fn a_confirmed_payment_is_charged_once() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 12_900, "KRW");
    let body = confirmation(&key, "order-1", 12_900);
    let payment = client
        .toss("POST", "/v1/payments/confirm", "a", body.clone())
        .await
        .success();
    assert_eq!(payment["status"], "DONE");
    assert_eq!(payment["method"], "카드");
    assert_eq!(
        (&payment["totalAmount"], &payment["balanceAmount"]),
        (&json!(12_900), &json!(12_900))
    );
    assert_eq!(payment["approvedAt"], "2026-01-01T09:00:00+09:00");
    assert!(payment["receipt"]["url"].is_string() && payment["lastTransactionKey"].is_string());

    let again = client.toss("POST", "/v1/payments/confirm", "b", body).await;
    assert_eq!(again.refusal(), (400, "ALREADY_PROCESSED_PAYMENT"));
    assert_eq!(client.moved(), (12_900, 1, 0, 0));
    assert_eq!(client.entry().order_id, "order-1");
    let found = client.toss("GET", &format!("/v1/payments/{key}"), "", json!({})).await;
    assert_eq!(found.success(), payment);
}

#[tokio::test]
async fn only_the_authenticated_order_and_amount_can_be_confirmed() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 12_900, "KRW");
    for body in [
        confirmation(&key, "order-1", 100),
        confirmation(&key, "order-2", 12_900),
        confirmation(&key, "short", 12_900),
        confirmation(&key, "no spaces", 12_900),
        confirmation(&"k".repeat(201), "order-1", 12_900),
    ] {
        let reply = client.toss("POST", "/v1/payments/confirm", "", body).await;
        assert_eq!(reply.refusal(), (400, "INVALID_REQUEST"));
    }
    let unknown = confirmation("nobody", "order-1", 12_900);
    let reply = client.toss("POST", "/v1/payments/confirm", "", unknown).await;
    assert_eq!(reply.refusal(), (404, "NOT_FOUND_PAYMENT"));
    assert!(client.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn an_authentication_lasts_ten_minutes() {
    let client = TestClient::start().await;
    let early = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let late = client.sandbox.toss_authenticate("order-2", 100, "KRW");
    client.advance(599);
    let reply = client
        .toss("POST", "/v1/payments/confirm", "", confirmation(&early, "order-1", 100))
        .await;
    reply.success();
    client.advance(1);
    let reply = client
        .toss("POST", "/v1/payments/confirm", "", confirmation(&late, "order-2", 100))
        .await;
    assert_eq!(reply.refusal(), (404, "NOT_FOUND_PAYMENT_SESSION"));
    let payment = client
        .toss("GET", "/v1/payments/orders/order-2", "", json!({}))
        .await
        .success();
    assert_eq!(payment["status"], "EXPIRED");
    let webhooks = client.sandbox.webhooks();
    assert_eq!(webhooks.last().unwrap().json()["data"]["status"], "EXPIRED");
}

#[tokio::test]
async fn an_order_is_paid_by_one_payment() {
    let client = TestClient::start().await;
    let first = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let second = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let of_order = || client.toss("GET", "/v1/payments/orders/order-1", "", json!({}));
    assert_eq!(of_order().await.success()["paymentKey"], second, "the newest");
    let reply = client
        .toss("POST", "/v1/payments/confirm", "", confirmation(&first, "order-1", 100))
        .await;
    reply.success();
    assert_eq!(of_order().await.success()["paymentKey"], first, "the approved one");
    let reply = client
        .toss(
            "POST",
            "/v1/payments/confirm",
            "",
            confirmation(&second, "order-1", 100),
        )
        .await;
    assert_eq!(reply.refusal(), (400, "DUPLICATED_ORDER_ID"));
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_secret_key_must_be_encoded_with_its_padding() {
    let client = TestClient::start().await;
    let url = client.sandbox.toss_url() + "/v1/payments/orders/order-1";
    let unpadded = basic("test_sk_sandbox").trim_end_matches('=').to_owned();
    assert_ne!(unpadded, basic("test_sk_sandbox"));
    for header in [unpadded, basic("test_sk_other"), "Bearer test_sk_sandbox".to_owned()] {
        let reply = send("GET", url.clone(), vec![("authorization", header)], String::new()).await;
        assert_eq!(reply.unwrap().refusal(), (401, "UNAUTHORIZED_KEY"));
    }
}

#[tokio::test]
async fn a_declined_payment_is_aborted() {
    let client = TestClient::start().await;
    let how = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = client.sandbox.toss_authenticate_with("order-1", 100, "KRW", &how);
    let reply = client
        .toss("POST", "/v1/payments/confirm", "", confirmation(&key, "order-1", 100))
        .await;
    assert_eq!(reply.refusal(), (403, "REJECT_CARD_PAYMENT"));
    let payment = client
        .toss("GET", &format!("/v1/payments/{key}"), "", json!({}))
        .await
        .success();
    assert_eq!(payment["status"], "ABORTED");
    assert_eq!(payment["failure"]["code"], "REJECT_CARD_PAYMENT");
    assert!(client.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_virtual_account_is_charged_by_a_deposit_and_reversed_by_its_withdrawal() {
    let client = TestClient::start().await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = client.sandbox.toss_authenticate_with("order-1", 100, "KRW", &how);
    let body = confirmation(&key, "order-1", 100);
    let payment = client.toss("POST", "/v1/payments/confirm", "", body).await.success();
    assert_eq!(payment["status"], "WAITING_FOR_DEPOSIT");
    assert!(payment["virtualAccount"]["accountNumber"].is_string());
    assert!(client.sandbox.ledger().is_empty() && client.sandbox.webhooks().is_empty());

    client.sandbox.toss_deposit(&key);
    assert_eq!(client.moved(), (100, 1, 0, 0));
    let callback = client.sandbox.webhooks().remove(0).json();
    assert_eq!(
        (&callback["status"], &callback["orderId"]),
        (&json!("DONE"), &json!("order-1"))
    );
    assert_eq!(callback["secret"], payment["secret"]);
    assert_eq!(callback["eventType"], Value::Null, "this webhook has no event type");

    client.sandbox.toss_withdraw_deposit(&key);
    assert_eq!(client.entry().withdrawn, 100);
    assert_eq!(
        client.sandbox.webhooks().remove(0).json()["status"],
        "WAITING_FOR_DEPOSIT"
    );
}

#[tokio::test]
async fn a_billing_key_charges_its_customer_until_it_is_deleted() {
    let client = TestClient::start().await;
    let auth_key = client.sandbox.toss_authorize_card("customer-1");
    let issue = json!({ "authKey": auth_key, "customerKey": "customer-1" });
    let issued = client
        .toss("POST", "/v1/billing/authorizations/issue", "", issue)
        .await
        .success();
    let path = format!("/v1/billing/{}", issued["billingKey"].as_str().unwrap());
    let charge = |customer: &str, order_id: &str| {
        let body = json!({ "customerKey": customer, "amount": 100, "orderId": order_id, "orderName": "a month" });
        client.toss("POST", &path, "", body)
    };
    let payment = charge("customer-1", "month-1").await.success();
    assert_eq!(
        (&payment["type"], &payment["status"]),
        (&json!("BILLING"), &json!("DONE"))
    );
    assert!(
        client.sandbox.webhooks().is_empty(),
        "a charge by billing key sends no webhook"
    );
    assert_eq!(
        charge("customer-1", "month-1").await.refusal(),
        (400, "DUPLICATED_ORDER_ID")
    );
    assert_eq!(
        charge("customer-2", "month-2").await.refusal(),
        (400, "NOT_MATCHES_CUSTOMER_KEY")
    );
    let billing_key = issued["billingKey"].as_str().unwrap();
    client
        .sandbox
        .toss_set_billing_decline(billing_key, Some("REJECT_CARD_PAYMENT"));
    assert_eq!(
        charge("customer-1", "month-2").await.refusal(),
        (403, "REJECT_CARD_PAYMENT")
    );
    client.sandbox.toss_set_billing_decline(billing_key, None);

    let deleted = client.toss("DELETE", &path, "", json!({})).await;
    assert_eq!((deleted.status, deleted.body), (200, Value::Null));
    assert_eq!(
        client.sandbox.webhooks().remove(0).json()["eventType"],
        "BILLING_DELETED"
    );
    assert_eq!(
        charge("customer-1", "month-2").await.refusal(),
        (400, "ALREADY_REMOVED_BILLING_KEY")
    );
    assert_eq!(client.moved(), (100, 1, 0, 0));
}
