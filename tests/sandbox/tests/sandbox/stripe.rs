//! Stripe: intents, charges and refunds.

use sandbox::{Card, Provider};
use serde_json::{Value, json};

use crate::client::{TestClient, basic, send};

pub const INTENTS: &str = "/v1/payment_intents";
pub const FORM: &str = "amount=5000&currency=KRW&automatic_payment_methods[enabled]=true&metadata[order_id]=order-1";

pub async fn intent(client: &TestClient) -> String {
    let intent = client.stripe("POST", INTENTS, "", FORM).await.success();
    intent["id"].as_str().unwrap().to_owned()
}

async fn get(client: &TestClient, id: &str) -> Value {
    client.stripe("GET", &format!("{INTENTS}/{id}"), "", "").await.success()
}

#[tokio::test]
async fn a_paid_intent_is_charged_once() {
    let client = TestClient::start().await;
    let created = client.stripe("POST", INTENTS, "", FORM).await.success();
    assert_eq!(
        (&created["status"], &created["currency"]),
        (&json!("requires_payment_method"), &json!("krw"))
    );
    assert_eq!(
        (&created["amount_received"], &created["latest_charge"]),
        (&json!(0), &Value::Null)
    );
    let id = created["id"].as_str().unwrap();
    client.sandbox.stripe_pay(id, &Card::Good);
    let paid = get(&client, id).await;
    assert_eq!(
        (&paid["status"], &paid["amount_received"]),
        (&json!("succeeded"), &json!(5000))
    );
    assert_eq!(paid["metadata"]["order_id"], "order-1");
    let query = format!("{INTENTS}/{id}?expand[]=latest_charge");
    let charge = &client.stripe("GET", &query, "", "").await.success()["latest_charge"];
    assert_eq!(charge["id"], paid["latest_charge"]);
    assert_eq!(
        (&charge["amount"], &charge["amount_refunded"], &charge["refunded"]),
        (&json!(5000), &json!(0), &json!(false))
    );
    assert_eq!(client.moved(), (5000, 1, 0, 0));
    assert_eq!(
        (client.entry().order_id.as_str(), client.entry().reference.as_str()),
        ("order-1", id)
    );
}

#[tokio::test]
async fn a_declined_card_can_be_followed_by_a_valid_one() {
    let client = TestClient::start().await;
    let id = intent(&client).await;
    client
        .sandbox
        .stripe_pay(&id, &Card::declined("card_declined", "insufficient_funds"));
    let declined = get(&client, &id).await;
    assert_eq!(declined["status"], "requires_payment_method");
    assert_eq!(declined["last_payment_error"]["decline_code"], "insufficient_funds");
    assert!(client.sandbox.ledger().is_empty());
    client.sandbox.stripe_pay(&id, &Card::Good);
    assert_eq!(get(&client, &id).await["last_payment_error"], Value::Null);
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_payment_in_processing_is_charged_when_it_is_settled() {
    let client = TestClient::start().await;
    let (good, bad) = (intent(&client).await, intent(&client).await);
    for id in [&good, &bad] {
        client.sandbox.stripe_pay(id, &Card::Processing);
        assert_eq!(get(&client, id).await["status"], "processing");
    }
    assert!(client.sandbox.ledger().is_empty());
    client.sandbox.stripe_settle(&good, true);
    client.sandbox.stripe_settle(&bad, false);
    assert_eq!(get(&client, &bad).await["status"], "requires_payment_method");
    assert_eq!(client.entry().reference, good);
}

#[tokio::test]
async fn a_saved_card_is_charged_at_once_or_declined_with_402() {
    let client = TestClient::start().await;
    let good = client.sandbox.stripe_payment_method(&Card::Good);
    let form = |method: &str| format!("{FORM}&confirm=true&off_session=true&customer=cus_1&payment_method={method}");
    let paid = client.stripe("POST", INTENTS, "", &form(&good)).await.success();
    assert_eq!(paid["status"], "succeeded");

    let bad = client
        .sandbox
        .stripe_payment_method(&Card::declined("card_declined", "lost_card"));
    let declined = client.stripe("POST", INTENTS, "", &form(&bad)).await;
    assert_eq!(declined.refusal(), (402, "card_declined"));
    let error = &declined.body["error"];
    assert_eq!(
        (&error["type"], &error["decline_code"]),
        (&json!("card_error"), &json!("lost_card"))
    );
    assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
    let unknown = client.stripe("POST", INTENTS, "", &form("pm_nobody")).await;
    assert_eq!(unknown.refusal(), (400, "resource_missing"));
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn refunds_cannot_exceed_the_charge() {
    let client = TestClient::start().await;
    let id = intent(&client).await;
    let refund = |amount: &str| {
        let form = format!("payment_intent={id}{amount}&metadata[refund_id]=r-1");
        let client = &client;
        async move { client.stripe("POST", "/v1/refunds", "", &form).await }
    };
    assert_eq!(refund("").await.status, 400, "nothing was charged");
    client.sandbox.stripe_pay(&id, &Card::Good);
    let first = refund("&amount=2000").await.success();
    assert_eq!(
        (&first["status"], &first["amount"]),
        (&json!("succeeded"), &json!(2000))
    );
    assert_eq!(refund("&amount=3001").await.refusal(), (400, "amount_too_large"));
    let rest = refund("").await.success();
    assert_eq!(rest["amount"], 3000);
    assert_eq!(refund("&amount=1").await.refusal(), (400, "charge_already_refunded"));
    assert_eq!(client.moved(), (5000, 1, 5000, 2));

    let list = client
        .stripe("GET", &format!("/v1/refunds?payment_intent={id}"), "", "")
        .await
        .success();
    assert_eq!(list["data"], json!([rest, first]));
    let query = format!("{INTENTS}/{id}?expand[]=latest_charge");
    let charge = &client.stripe("GET", &query, "", "").await.success()["latest_charge"];
    assert_eq!(
        (&charge["amount_refunded"], &charge["refunded"]),
        (&json!(5000), &json!(true))
    );
}

#[tokio::test]
async fn an_unpaid_intent_can_be_canceled() {
    let client = TestClient::start().await;
    let (open, paid) = (intent(&client).await, intent(&client).await);
    client.sandbox.stripe_pay(&paid, &Card::Good);
    let canceled = client
        .stripe("POST", &format!("{INTENTS}/{open}/cancel"), "", "")
        .await
        .success();
    assert_eq!(canceled["status"], "canceled");
    let refused = client.stripe("POST", &format!("{INTENTS}/{paid}/cancel"), "", "").await;
    assert_eq!(refused.refusal(), (400, "payment_intent_unexpected_state"));
    assert_eq!(refused.body["error"]["payment_intent"]["status"], "succeeded");
}

#[tokio::test]
async fn a_call_needs_the_secret_key_and_its_parameters() {
    let client = TestClient::start().await;
    let url = client.sandbox.stripe_url() + "/v1/refunds";
    for (header, status) in [
        ("Bearer sk_test_sandbox".to_owned(), 200),
        (basic("sk_test_sandbox"), 200),
        ("Bearer sk_test_other".to_owned(), 401),
    ] {
        let reply = send("GET", url.clone(), vec![("authorization", header)], String::new())
            .await
            .unwrap();
        assert_eq!(reply.status, status);
        let kind = &reply.body["error"]["type"];
        assert!(status == 200 || kind == "invalid_request_error");
    }
    for form in [
        "currency=krw",
        "amount=5000",
        "amount=-1&currency=krw",
        "amount=1.5&currency=krw",
        "amount=1&currency=won1",
    ] {
        let reply = client.stripe("POST", INTENTS, "", form).await;
        assert_eq!(
            (reply.status, &reply.body["error"]["type"]),
            (400, &json!("invalid_request_error")),
            "{form}"
        );
    }
    assert_eq!(
        client
            .stripe("GET", &format!("{INTENTS}/pi_nobody"), "", "")
            .await
            .refusal(),
        (404, "resource_missing")
    );
}

#[tokio::test]
async fn a_dashboard_refund_sends_webhooks() {
    let client = TestClient::start().await;
    let id = intent(&client).await;
    client.sandbox.stripe_pay(&id, &Card::Good);
    client.sandbox.webhooks();
    client.sandbox.dashboard_refund(Provider::Stripe, &id, 1000);
    let events: Vec<Value> = client.sandbox.webhooks().iter().map(|webhook| webhook.json()).collect();
    assert_eq!(
        (&events[0]["type"], &events[1]["type"]),
        (&json!("charge.refunded"), &json!("refund.updated"))
    );
    assert_eq!(events[0]["data"]["object"]["object"], "charge");
    assert_eq!(events[0]["data"]["object"]["amount_refunded"], 1000);
    assert_eq!(client.moved(), (5000, 1, 1000, 1));
}

#[tokio::test]
async fn a_card_that_needs_authentication_waits_for_the_buyer_or_fails_off_session() {
    let client = TestClient::start().await;
    let id = intent(&client).await;
    client.sandbox.stripe_pay(&id, &Card::RequiresAction);
    let waiting = get(&client, &id).await;
    assert_eq!(waiting["status"], "requires_action");
    assert!(waiting["next_action"].is_object() && client.sandbox.ledger().is_empty());
    client.sandbox.stripe_pay(&id, &Card::Good);
    assert_eq!(client.moved(), (5000, 1, 0, 0));

    let saved = client.sandbox.stripe_payment_method(&Card::RequiresAction);
    let form = format!("{FORM}&confirm=true&off_session=true&payment_method={saved}");
    let reply = client.stripe("POST", INTENTS, "", &form).await;
    assert_eq!(reply.refusal(), (402, "authentication_required"));
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}
