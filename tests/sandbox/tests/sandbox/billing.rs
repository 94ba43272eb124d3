//! Charges without the customer: billing keys at Toss, saved cards at Stripe.

use std::time::Duration;

use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

use crate::client::{Reply, TestClient};
use crate::stripe::INTENTS;

/// Issues a billing key of Toss.
async fn billing_key(client: &TestClient) -> String {
    let auth = client.sandbox.toss_authorize_card("customer-1");
    let body = json!({ "authKey": auth, "customerKey": "customer-1" });
    let path = "/v1/billing/authorizations/issue";
    let issued = client.toss("POST", path, "issue-1", body.clone()).await.success();
    assert_eq!(
        client.toss("POST", path, "issue-1", body).await.success(),
        issued,
        "an authorization is exchanged once; a retry with its key returns the same billing key"
    );
    issued["billingKey"].as_str().unwrap().to_owned()
}

async fn charge(client: &TestClient, billing_key: &str, order_id: &str, key: &str) -> Reply {
    let body = json!({ "customerKey": "customer-1", "amount": 100, "orderId": order_id, "orderName": "Tea" });
    let path = format!("/v1/billing/{billing_key}");
    client.toss("POST", &path, key, body).await
}

#[tokio::test]
async fn the_next_charges_of_a_billing_key_are_declined_and_later_ones_succeed() {
    let client = TestClient::start().await;
    let key = billing_key(&client).await;
    assert_eq!(
        client.sandbox.toss_billing_keys("customer-1"),
        std::slice::from_ref(&key)
    );
    client.sandbox.toss_decline_next(&key, "REJECT_CARD_PAYMENT", 2);
    for nth in ["1", "2"] {
        let declined = charge(&client, &key, "order-1", nth).await;
        assert_eq!(declined.refusal(), (403, "REJECT_CARD_PAYMENT"));
    }
    let replayed = charge(&client, &key, "order-1", "2").await;
    assert_eq!(
        replayed.refusal(),
        (403, "REJECT_CARD_PAYMENT"),
        "a refusal is stored under its key"
    );
    assert_eq!(charge(&client, &key, "order-1", "3").await.success()["type"], "BILLING");
    client.advance(60);
    let again = charge(&client, &key, "order-1", "4").await;
    assert_eq!(again.refusal(), (400, "DUPLICATED_ORDER_ID"));
    assert_eq!(client.moved(), (100, 1, 0, 0));
    assert_eq!(client.entry().charged_at.to_string(), "2026-01-01T00:00:00Z");
    assert!(client.sandbox.webhooks().is_empty(), "a charge sends no webhook");
}

#[tokio::test]
async fn a_charge_with_a_lost_response_is_found_by_its_order() {
    let client = TestClient::start().await;
    let key = billing_key(&client).await;
    let path = "/v1/payments/orders/order-1";
    assert_eq!(
        client.toss("GET", path, "", json!({})).await.refusal(),
        (404, "NOT_FOUND_PAYMENT")
    );
    client.sandbox.plan(Provider::Toss, "billing", Fault::ErrorAfter(500));
    assert_eq!(charge(&client, &key, "order-1", "1").await.status, 500);
    assert_eq!(
        client.toss("GET", path, "", json!({})).await.success()["status"],
        "DONE"
    );
    client
        .sandbox
        .plan(Provider::Toss, "billing", Fault::Late(Duration::from_millis(50)));
    charge(&client, &key, "order-2", "2").await.success();
}

#[tokio::test]
async fn a_deleted_billing_key_cannot_be_charged_and_sends_a_webhook() {
    let client = TestClient::start().await;
    let (key, path) = (billing_key(&client).await, "/v1/billing");
    let deleted = client.toss("DELETE", &format!("{path}/{key}"), "", json!({})).await;
    assert_eq!((deleted.status, deleted.body), (200, Value::Null), "an empty body");
    assert_eq!(
        charge(&client, &key, "order-1", "1").await.refusal(),
        (400, "ALREADY_REMOVED_BILLING_KEY")
    );
    assert!(client.sandbox.toss_billing_keys("customer-1").is_empty());
    assert_eq!(client.sandbox.webhooks()[0].json()["eventType"], "BILLING_DELETED");
}

/// Creates a Stripe customer.
async fn customer(client: &TestClient) -> String {
    let created = client
        .stripe("POST", "/v1/customers", "", "metadata[customer_id]=mina")
        .await
        .success();
    created["id"].as_str().unwrap().to_owned()
}

async fn setup(client: &TestClient, customer: &str, card: &str) -> Reply {
    let form =
        format!("customer={customer}&payment_method={card}&confirm=true&usage=off_session&expand[0]=payment_method");
    client.stripe("POST", "/v1/setup_intents", "", &form).await
}

/// Creates an intent of 5,000 won for a customer.
async fn intent(client: &TestClient, customer: &str) -> String {
    let form = format!("amount=5000&currency=krw&customer={customer}&metadata[order_id]=order-1");
    let created = client.stripe("POST", INTENTS, "", &form).await.success();
    assert_eq!(created["status"], "requires_payment_method");
    created["id"].as_str().unwrap().to_owned()
}

async fn confirm(client: &TestClient, intent: &str, card: &str, key: &str) -> Reply {
    let form = format!("payment_method={card}&off_session=true");
    client
        .stripe("POST", &format!("{INTENTS}/{intent}/confirm"), key, &form)
        .await
}

#[tokio::test]
async fn a_saved_card_pays_for_its_customer_only() {
    let client = TestClient::start().await;
    let card = client.sandbox.stripe_payment_method(&Card::Good);
    let (mina, other) = (customer(&client).await, customer(&client).await);
    let of_mina = intent(&client, &mina).await;
    assert_eq!(
        confirm(&client, &of_mina, &card, "").await.refusal(),
        (400, "resource_missing")
    );
    let saved = setup(&client, &mina, &card).await.success();
    assert_eq!(
        (&saved["status"], &saved["payment_method"]["card"]["last4"]),
        (&json!("succeeded"), &json!("4242"))
    );
    assert_eq!(client.sandbox.stripe_saved_cards("mina"), std::slice::from_ref(&card));
    assert_eq!(
        setup(&client, &other, &card).await.status,
        400,
        "the card has a customer already"
    );
    let of_other = intent(&client, &other).await;
    assert_eq!(
        confirm(&client, &of_other, &card, "").await.refusal(),
        (400, "resource_missing")
    );
    assert_eq!(
        confirm(&client, &of_mina, &card, "").await.success()["status"],
        "succeeded"
    );
    let again = confirm(&client, &of_mina, &card, "").await;
    assert_eq!(again.refusal(), (400, "payment_intent_unexpected_state"));
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_declined_intent_can_be_paid_by_a_later_attempt() {
    let client = TestClient::start().await;
    let card = client.sandbox.stripe_payment_method(&Card::Good);
    let mina = customer(&client).await;
    setup(&client, &mina, &card).await.success();
    let id = intent(&client, &mina).await;
    let broke = Card::declined("card_declined", "insufficient_funds");
    client.sandbox.stripe_set_card_next(&card, &broke, 1);
    let declined = confirm(&client, &id, &card, "k").await;
    assert_eq!(declined.body["error"]["decline_code"], "insufficient_funds");
    assert!(confirm(&client, &id, &card, "k").await.replayed);
    confirm(&client, &id, &card, "k2").await.success();
    client
        .sandbox
        .stripe_set_card(&card, &Card::declined("card_declined", "lost_card"));
    let next = intent(&client, &mina).await;
    assert_eq!(
        confirm(&client, &next, &card, "").await.body["error"]["decline_code"],
        "lost_card"
    );
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_card_that_needs_authentication_is_saved_after_it() {
    let client = TestClient::start().await;
    let card = client.sandbox.stripe_payment_method(&Card::RequiresAction);
    let mina = customer(&client).await;
    let begun = setup(&client, &mina, &card).await.success();
    assert_eq!(
        (&begun["status"], client.sandbox.stripe_saved_cards("mina").len()),
        (&json!("requires_action"), 0)
    );
    let id = begun["id"].as_str().unwrap();
    assert!(
        begun["client_secret"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{id}_secret_"))
    );
    client.sandbox.stripe_authenticate(id);
    let proved = client
        .stripe("GET", &format!("/v1/setup_intents/{id}"), "", "")
        .await
        .success();
    assert_eq!(
        (&proved["status"], &proved["payment_method"]),
        (&json!("succeeded"), &json!(card))
    );
    confirm(&client, &intent(&client, &mina).await, &card, "")
        .await
        .success();
}

#[tokio::test]
async fn a_declined_or_unknown_card_is_not_saved_and_a_detached_one_cannot_pay() {
    let client = TestClient::start().await;
    let mina = customer(&client).await;
    let stolen = client
        .sandbox
        .stripe_payment_method(&Card::declined("card_declined", "stolen_card"));
    assert_eq!(setup(&client, &mina, &stolen).await.refusal(), (402, "card_declined"));
    assert_eq!(
        setup(&client, &mina, "pm_nobody").await.refusal(),
        (400, "resource_missing")
    );
    assert_eq!(
        setup(&client, "cus_nobody", &stolen).await.refusal(),
        (400, "resource_missing")
    );
    let good = client.sandbox.stripe_payment_method(&Card::Good);
    setup(&client, &mina, &good).await.success();
    let path = format!("/v1/payment_methods/{good}/detach");
    client.stripe("POST", &path, "", "").await.success();
    assert_eq!(
        client.stripe("POST", &path, "", "").await.status,
        400,
        "the card has no customer"
    );
    let id = intent(&client, &mina).await;
    assert_eq!(
        confirm(&client, &id, &good, "").await.refusal(),
        (400, "resource_missing")
    );
    assert!(client.sandbox.ledger().is_empty());
}
