//! Stripe's idempotency keys.

use std::time::Duration;

use sandbox::{Fault, Provider};
use serde_json::json;

use crate::client::{TestClient, until};
use crate::stripe::INTENTS;

const CHARGE: &str = "amount=5000&currency=krw&confirm=true&off_session=true&payment_method=pm_card_visa";

#[tokio::test]
async fn a_key_returns_the_first_response() {
    let client = TestClient::start().await;
    let first = client.stripe("POST", INTENTS, "k", CHARGE).await;
    let reordered = "payment_method=pm_card_visa&off_session=true&confirm=true&currency=krw&amount=5000";
    let second = client.stripe("POST", INTENTS, "k", reordered).await;
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!(second.success(), first.success());
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_key_is_rejected_with_other_parameters() {
    let client = TestClient::start().await;
    client.stripe("POST", INTENTS, "k", CHARGE).await.success();
    let other = CHARGE.replace("5000", "6000");
    let reply = client.stripe("POST", INTENTS, "k", &other).await;
    assert_eq!(
        (reply.status, &reply.body["error"]["type"]),
        (400, &json!("idempotency_error"))
    );
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn an_internal_error_is_stored_under_the_key() {
    let client = TestClient::start().await;
    client
        .sandbox
        .plan(Provider::Stripe, "create_intent", Fault::ErrorAfter(500));
    for replayed in [false, true] {
        let reply = client.stripe("POST", INTENTS, "k", CHARGE).await;
        assert_eq!((reply.status, reply.replayed), (500, replayed));
        assert_eq!(reply.body["error"]["type"], "api_error");
    }
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_decline_is_stored_under_the_key() {
    let client = TestClient::start().await;
    let form = CHARGE.replace("pm_card_visa", "pm_card_visa_chargeDeclined");
    let first = client.stripe("POST", INTENTS, "k", &form).await;
    let second = client.stripe("POST", INTENTS, "k", &form).await;
    assert_eq!(first.refusal(), (402, "card_declined"));
    assert_eq!((second.status, &second.body), (402, &first.body));
}

#[tokio::test]
async fn a_call_that_was_not_executed_does_not_use_its_key() {
    let client = TestClient::start().await;
    let reply = client.stripe("POST", INTENTS, "k", "amount=5000").await;
    assert_eq!(reply.refusal(), (400, "parameter_missing"));
    client.stripe("POST", INTENTS, "k", CHARGE).await.success();
    client
        .sandbox
        .plan(Provider::Stripe, "create_intent", Fault::ErrorBefore(503));
    assert_eq!(client.stripe("POST", INTENTS, "k2", CHARGE).await.status, 503);
    client.stripe("POST", INTENTS, "k2", CHARGE).await.success();
    assert_eq!(client.sandbox.ledger().len(), 2);
}

#[tokio::test]
async fn during_the_first_call_a_second_one_is_rejected() {
    let client = TestClient::start().await;
    client.sandbox.plan(
        Provider::Stripe,
        "create_intent",
        Fault::Late(Duration::from_millis(1000)),
    );
    let second = async {
        until(|| !client.sandbox.ledger().is_empty()).await;
        client.stripe("POST", INTENTS, "k", CHARGE).await
    };
    let (first, second) = tokio::join!(client.stripe("POST", INTENTS, "k", CHARGE), second);
    first.success();
    assert_eq!(second.refusal(), (409, "idempotency_key_in_use"));
    assert_eq!(client.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_key_has_at_most_255_characters_and_lasts_a_day() {
    let client = TestClient::start().await;
    let too_long = client.stripe("POST", INTENTS, &"k".repeat(256), CHARGE).await;
    assert_eq!(too_long.status, 400);
    let key = "k".repeat(255);
    client.stripe("POST", INTENTS, &key, CHARGE).await.success();
    client.advance(24 * 3600 - 1);
    assert!(client.stripe("POST", INTENTS, &key, CHARGE).await.replayed);
    client.advance(1);
    assert!(!client.stripe("POST", INTENTS, &key, CHARGE).await.replayed);
}
