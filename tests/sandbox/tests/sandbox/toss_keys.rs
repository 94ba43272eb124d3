//! Toss's idempotency keys.

use std::time::Duration;

use sandbox::{Fault, Provider};
use serde_json::json;

use crate::client::{TestClient, basic, send, until};
use crate::toss::confirmation;

const CONFIRM: &str = "/v1/payments/confirm";

#[tokio::test]
async fn a_key_returns_the_first_response() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    let first = client.toss("POST", CONFIRM, "k", body.clone()).await;
    let second = client.toss("POST", CONFIRM, "k", body).await;
    assert_eq!((second.status, second), (200, first));
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_key_shared_by_two_orders_returns_the_first_orders_response() {
    let client = TestClient::start().await;
    let one = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let two = client.sandbox.toss_authenticate("order-2", 200, "KRW");
    client
        .toss("POST", CONFIRM, "k", confirmation(&one, "order-1", 100))
        .await
        .success();
    let second = client
        .toss("POST", CONFIRM, "k", confirmation(&two, "order-2", 200))
        .await
        .success();
    assert_eq!(second["orderId"], "order-1");
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_refusal_is_returned_again_even_for_a_corrected_body() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let wrong = client
        .toss("POST", CONFIRM, "k", confirmation(&key, "order-1", 99))
        .await;
    let corrected = client
        .toss("POST", CONFIRM, "k", confirmation(&key, "order-1", 100))
        .await;
    assert_eq!(corrected.refusal(), (400, "INVALID_REQUEST"));
    assert_eq!(corrected, wrong);
    client
        .toss("POST", CONFIRM, "k2", confirmation(&key, "order-1", 100))
        .await
        .success();
}

#[tokio::test]
async fn a_key_belongs_to_its_url() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    client
        .toss("POST", CONFIRM, "k", confirmation(&key, "order-1", 100))
        .await
        .success();
    let path = format!("/v1/payments/{key}/cancel");
    let canceled = client
        .toss("POST", &path, "k", json!({ "cancelReason": "r" }))
        .await
        .success();
    assert_eq!(canceled["status"], "CANCELED");
}

#[tokio::test]
async fn a_key_lasts_fifteen_days() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    client.toss("POST", CONFIRM, "k", body.clone()).await.success();
    client.advance(15 * 24 * 3600 - 1);
    client.toss("POST", CONFIRM, "k", body.clone()).await.success();
    client.advance(1);
    let forgotten = client.toss("POST", CONFIRM, "k", body).await;
    assert_eq!(forgotten.refusal(), (400, "ALREADY_PROCESSED_PAYMENT"));
}

#[tokio::test]
async fn a_key_has_at_most_300_characters() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    let too_long = client.toss("POST", CONFIRM, &"k".repeat(301), body.clone()).await;
    assert_eq!(too_long.refusal(), (400, "INVALID_IDEMPOTENCY_KEY"));
    client.toss("POST", CONFIRM, &"k".repeat(300), body).await.success();
}

#[tokio::test]
async fn during_the_first_call_a_second_one_is_rejected() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    client
        .sandbox
        .plan(Provider::Toss, "confirm", Fault::Late(Duration::from_millis(1000)));
    let second = async {
        until(|| !client.sandbox.ledger().is_empty()).await;
        client.toss("POST", CONFIRM, "k", body.clone()).await
    };
    let (first, second) = tokio::join!(client.toss("POST", CONFIRM, "k", body.clone()), second);
    assert_eq!(second.refusal(), (409, "IDEMPOTENT_REQUEST_PROCESSING"));
    let third = client.toss("POST", CONFIRM, "k", body).await;
    assert_eq!(third.clone().success(), first.success());
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn an_internal_error_is_not_stored_but_its_charge_remains() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    client.sandbox.plan(Provider::Toss, "confirm", Fault::ErrorAfter(500));
    let first = client.toss("POST", CONFIRM, "k", body.clone()).await;
    assert_eq!(first.refusal(), (500, "FAILED_INTERNAL_SYSTEM_PROCESSING"));
    let second = client.toss("POST", CONFIRM, "k", body).await;
    assert_eq!(second.refusal(), (400, "ALREADY_PROCESSED_PAYMENT"));
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_test_code_is_returned_and_has_no_effect() {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    for (code, status) in [
        ("INVALID_STOPPED_CARD", 400),
        ("REJECT_CARD_COMPANY", 403),
        ("PROVIDER_ERROR", 500),
        ("FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", 500),
    ] {
        let headers = vec![
            ("authorization", basic("test_sk_sandbox")),
            ("tosspayments-test-code", code.to_owned()),
        ];
        let url = client.sandbox.toss_url() + CONFIRM;
        let reply = send("POST", url, headers, body.to_string()).await.unwrap();
        assert_eq!(reply.refusal(), (status, code));
    }
    client.toss("POST", CONFIRM, "", body).await.success();
}
