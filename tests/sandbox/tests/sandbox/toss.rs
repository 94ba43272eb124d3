//! Toss: confirmation, questions, virtual accounts, billing keys.

use sandbox::{Authentication, Method};
use serde_json::{Value, json};

use crate::client::{World, basic, send};

pub fn confirmation(key: &str, order_id: &str, amount: i64) -> Value {
    json!({ "paymentKey": key, "orderId": order_id, "amount": amount })
}

#[tokio::test]
async fn a_confirmed_payment_is_charged_once() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 12_900, "KRW");
    let body = confirmation(&key, "order-1", 12_900);
    let payment = world
        .toss("POST", "/v1/payments/confirm", "a", body.clone())
        .await
        .good();
    assert_eq!(payment["status"], "DONE");
    assert_eq!(payment["method"], "카드");
    assert_eq!(
        (&payment["totalAmount"], &payment["balanceAmount"]),
        (&json!(12_900), &json!(12_900))
    );
    assert_eq!(payment["approvedAt"], "2026-01-01T09:00:00+09:00");
    assert!(payment["receipt"]["url"].is_string() && payment["lastTransactionKey"].is_string());

    let again = world.toss("POST", "/v1/payments/confirm", "b", body).await;
    assert_eq!(again.refusal(), (400, "ALREADY_PROCESSED_PAYMENT"));
    assert_eq!(world.moved(), (12_900, 1, 0, 0));
    assert_eq!(world.entry().order_id, "order-1");
    let found = world.toss("GET", &format!("/v1/payments/{key}"), "", json!({})).await;
    assert_eq!(found.good(), payment);
}

#[tokio::test]
async fn only_what_the_buyer_authenticated_is_confirmed() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 12_900, "KRW");
    for body in [
        confirmation(&key, "order-1", 100),
        confirmation(&key, "order-2", 12_900),
        confirmation(&key, "short", 12_900),
        confirmation(&key, "no spaces", 12_900),
        confirmation(&"k".repeat(201), "order-1", 12_900),
    ] {
        let reply = world.toss("POST", "/v1/payments/confirm", "", body).await;
        assert_eq!(reply.refusal(), (400, "INVALID_REQUEST"));
    }
    let unknown = confirmation("nobody", "order-1", 12_900);
    let reply = world.toss("POST", "/v1/payments/confirm", "", unknown).await;
    assert_eq!(reply.refusal(), (404, "NOT_FOUND_PAYMENT"));
    assert!(world.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn an_authentication_lasts_ten_minutes() {
    let world = World::start().await;
    let early = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let late = world.sandbox.toss_authenticate("order-2", 100, "KRW");
    world.advance(599);
    let reply = world
        .toss("POST", "/v1/payments/confirm", "", confirmation(&early, "order-1", 100))
        .await;
    reply.good();
    world.advance(1);
    let reply = world
        .toss("POST", "/v1/payments/confirm", "", confirmation(&late, "order-2", 100))
        .await;
    assert_eq!(reply.refusal(), (404, "NOT_FOUND_PAYMENT_SESSION"));
    let payment = world
        .toss("GET", "/v1/payments/orders/order-2", "", json!({}))
        .await
        .good();
    assert_eq!(payment["status"], "EXPIRED");
    let webhooks = world.sandbox.webhooks();
    assert_eq!(webhooks.last().unwrap().json()["data"]["status"], "EXPIRED");
}

#[tokio::test]
async fn an_order_is_paid_by_one_payment() {
    let world = World::start().await;
    let first = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let second = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let of_order = || world.toss("GET", "/v1/payments/orders/order-1", "", json!({}));
    assert_eq!(of_order().await.good()["paymentKey"], second, "the newest");
    let reply = world
        .toss("POST", "/v1/payments/confirm", "", confirmation(&first, "order-1", 100))
        .await;
    reply.good();
    assert_eq!(of_order().await.good()["paymentKey"], first, "the approved one");
    let reply = world
        .toss(
            "POST",
            "/v1/payments/confirm",
            "",
            confirmation(&second, "order-1", 100),
        )
        .await;
    assert_eq!(reply.refusal(), (400, "DUPLICATED_ORDER_ID"));
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_secret_key_has_to_be_encoded_with_its_padding() {
    let world = World::start().await;
    let url = world.sandbox.toss_url() + "/v1/payments/orders/order-1";
    let unpadded = basic("test_sk_sandbox").trim_end_matches('=').to_owned();
    assert_ne!(unpadded, basic("test_sk_sandbox"));
    for header in [unpadded, basic("test_sk_other"), "Bearer test_sk_sandbox".to_owned()] {
        let reply = send("GET", url.clone(), vec![("authorization", header)], String::new()).await;
        assert_eq!(reply.unwrap().refusal(), (401, "UNAUTHORIZED_KEY"));
    }
}

#[tokio::test]
async fn a_declined_payment_is_aborted() {
    let world = World::start().await;
    let how = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = world.sandbox.toss_authenticate_with("order-1", 100, "KRW", &how);
    let reply = world
        .toss("POST", "/v1/payments/confirm", "", confirmation(&key, "order-1", 100))
        .await;
    assert_eq!(reply.refusal(), (403, "REJECT_CARD_PAYMENT"));
    let payment = world
        .toss("GET", &format!("/v1/payments/{key}"), "", json!({}))
        .await
        .good();
    assert_eq!(payment["status"], "ABORTED");
    assert_eq!(payment["failure"]["code"], "REJECT_CARD_PAYMENT");
    assert!(world.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_virtual_account_is_charged_when_the_money_comes_and_given_back_when_it_goes() {
    let world = World::start().await;
    let how = Authentication {
        method: Method::VirtualAccount,
        ..Authentication::default()
    };
    let key = world.sandbox.toss_authenticate_with("order-1", 100, "KRW", &how);
    let body = confirmation(&key, "order-1", 100);
    let payment = world.toss("POST", "/v1/payments/confirm", "", body).await.good();
    assert_eq!(payment["status"], "WAITING_FOR_DEPOSIT");
    assert!(payment["virtualAccount"]["accountNumber"].is_string());
    assert!(world.sandbox.ledger().is_empty() && world.sandbox.webhooks().is_empty());

    world.sandbox.toss_deposit(&key);
    assert_eq!(world.moved(), (100, 1, 0, 0));
    let callback = world.sandbox.webhooks().remove(0).json();
    assert_eq!(
        (&callback["status"], &callback["orderId"]),
        (&json!("DONE"), &json!("order-1"))
    );
    assert_eq!(callback["secret"], payment["secret"]);
    assert_eq!(callback["eventType"], Value::Null, "this webhook is flat");

    world.sandbox.toss_withdraw_deposit(&key);
    assert_eq!(world.moved(), (0, 0, 0, 0));
    assert_eq!(
        world.sandbox.webhooks().remove(0).json()["status"],
        "WAITING_FOR_DEPOSIT"
    );
}

#[tokio::test]
async fn a_billing_key_charges_its_customer_until_it_is_deleted() {
    let world = World::start().await;
    let auth_key = world.sandbox.toss_authorize_card("customer-1");
    let issue = json!({ "authKey": auth_key, "customerKey": "customer-1" });
    let issued = world
        .toss("POST", "/v1/billing/authorizations/issue", "", issue)
        .await
        .good();
    let path = format!("/v1/billing/{}", issued["billingKey"].as_str().unwrap());
    let charge = |customer: &str, order_id: &str| {
        let body = json!({ "customerKey": customer, "amount": 100, "orderId": order_id, "orderName": "a month" });
        world.toss("POST", &path, "", body)
    };
    let payment = charge("customer-1", "month-1").await.good();
    assert_eq!(
        (&payment["type"], &payment["status"]),
        (&json!("BILLING"), &json!("DONE"))
    );
    assert!(
        world.sandbox.webhooks().is_empty(),
        "no webhook tells of a charge by billing key"
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
    world
        .sandbox
        .toss_set_billing_decline(billing_key, Some("REJECT_CARD_PAYMENT"));
    assert_eq!(
        charge("customer-1", "month-2").await.refusal(),
        (403, "REJECT_CARD_PAYMENT")
    );
    world.sandbox.toss_set_billing_decline(billing_key, None);

    let deleted = world.toss("DELETE", &path, "", json!({})).await;
    assert_eq!((deleted.status, deleted.body), (200, Value::Null));
    assert_eq!(
        world.sandbox.webhooks().remove(0).json()["eventType"],
        "BILLING_DELETED"
    );
    assert_eq!(
        charge("customer-1", "month-2").await.refusal(),
        (400, "ALREADY_REMOVED_BILLING_KEY")
    );
    assert_eq!(world.moved(), (100, 1, 0, 0));
}
