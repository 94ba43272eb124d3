//! Checks each fault's effect.

use std::time::{Duration, Instant};

use sandbox::{Fault, Provider};
use serde_json::{Value, json};

use crate::client::{Reply, TestClient};
use crate::stripe::{FORM, INTENTS};
use crate::toss::confirmation;

const CONFIRM: &str = "/v1/payments/confirm";

/// Starts a sandbox whose next confirmation meets `fault`, and returns it with the confirmation's body.
async fn world_with(fault: Fault) -> (TestClient, Value) {
    let client = TestClient::start().await;
    let key = client.sandbox.toss_authenticate("order-1", 100, "KRW");
    client.sandbox.plan(Provider::Toss, "confirm", fault);
    (client, confirmation(&key, "order-1", 100))
}

async fn confirm(client: &TestClient, body: &Value) -> Result<Reply, String> {
    client.try_toss("POST", CONFIRM, "k", body.clone()).await
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_served() {
    let (client, body) = world_with(Fault::NeverAnswer).await;
    let error = confirm(&client, &body).await.unwrap_err();
    assert!(error.contains("timeout"), "{error}");
    assert_eq!(client.moved(), (100, 1, 0, 0));
    assert_eq!(confirm(&client, &body).await.unwrap().success()["status"], "DONE");
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_connection_dropped_before_has_no_effect() {
    let (client, body) = world_with(Fault::DropBefore).await;
    let error = confirm(&client, &body).await.unwrap_err();
    assert!(!error.contains("timeout"), "{error}");
    assert!(client.sandbox.ledger().is_empty());
    confirm(&client, &body).await.unwrap().success();
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_connection_dropped_after_has_the_full_effect() {
    let (client, body) = world_with(Fault::DropAfter).await;
    let error = confirm(&client, &body).await.unwrap_err();
    assert!(!error.contains("timeout"), "{error}");
    assert_eq!(client.moved(), (100, 1, 0, 0));
    confirm(&client, &body).await.unwrap().success();
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_late_response_is_delayed() {
    let (client, body) = world_with(Fault::Late(Duration::from_millis(300))).await;
    let begin = Instant::now();
    confirm(&client, &body).await.unwrap().success();
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(client.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn an_error_before_has_no_effect() {
    let (client, body) = world_with(Fault::ErrorBefore(503)).await;
    let reply = confirm(&client, &body).await.unwrap();
    assert_eq!(reply.refusal(), (503, "FAILED_INTERNAL_SYSTEM_PROCESSING"));
    assert!(client.sandbox.ledger().is_empty());
    confirm(&client, &body).await.unwrap().success();
}

#[tokio::test]
async fn an_error_after_charges_the_payment() {
    let (client, body) = world_with(Fault::ErrorAfter(502)).await;
    let reply = confirm(&client, &body).await.unwrap();
    assert_eq!(reply.refusal(), (502, "FAILED_INTERNAL_SYSTEM_PROCESSING"));
    assert_eq!(client.moved(), (100, 1, 0, 0));
    let found = client.toss("GET", "/v1/payments/orders/order-1", "", json!({})).await;
    assert_eq!(found.success()["status"], "DONE");
}

#[tokio::test]
async fn a_planned_code_is_returned_and_has_no_effect() {
    let (client, body) = world_with(Fault::Code("REJECT_CARD_COMPANY".into())).await;
    assert_eq!(
        confirm(&client, &body).await.unwrap().refusal(),
        (403, "REJECT_CARD_COMPANY")
    );
    assert!(client.sandbox.ledger().is_empty());
    let key = confirm(&client, &body).await.unwrap();
    assert_eq!(
        key.refusal(),
        (403, "REJECT_CARD_COMPANY"),
        "a refusal is stored under its key"
    );
    client.toss("POST", CONFIRM, "k2", body).await.success();

    client.sandbox.plan(
        Provider::Stripe,
        "create_intent",
        Fault::Code("card_declined/lost_card".into()),
    );
    let declined = client.stripe("POST", INTENTS, "", FORM).await;
    assert_eq!(declined.refusal(), (402, "card_declined"));
    assert_eq!(declined.body["error"]["decline_code"], "lost_card");
    client
        .sandbox
        .plan(Provider::Kakaopay, "order", Fault::Code("-780/LOCKED".into()));
    let declined = client.kakaopay("order", json!({})).await;
    assert_eq!(
        (declined.status, &declined.body["extras"]["method_result_code"]),
        (400, &json!("LOCKED"))
    );
}

#[tokio::test]
async fn a_planned_code_waits_for_a_call_that_is_not_a_replay() {
    let (client, body) = world_with(Fault::Late(Duration::ZERO)).await;
    confirm(&client, &body).await.unwrap().success();
    client
        .sandbox
        .plan(Provider::Toss, "confirm", Fault::Code("REJECT_CARD_COMPANY".into()));
    confirm(&client, &body).await.unwrap().success();
    let reply = client.toss("POST", CONFIRM, "k2", body).await;
    assert_eq!(reply.refusal(), (403, "REJECT_CARD_COMPANY"));
}

#[tokio::test]
async fn a_busy_response_is_given_once() {
    let (client, body) = world_with(Fault::Busy).await;
    let busy = confirm(&client, &body).await.unwrap();
    assert_eq!(busy.refusal(), (409, "IDEMPOTENT_REQUEST_PROCESSING"));
    assert!(client.sandbox.ledger().is_empty());
    confirm(&client, &body).await.unwrap().success();

    client.sandbox.plan(Provider::Stripe, "create_intent", Fault::Busy);
    assert_eq!(
        client.stripe("POST", INTENTS, "k", FORM).await.refusal(),
        (409, "lock_timeout")
    );
    client.stripe("POST", INTENTS, "k", FORM).await.success();
}

#[tokio::test]
async fn faults_apply_in_order_and_only_to_their_operation() {
    let (client, body) = world_with(Fault::ErrorBefore(500)).await;
    client.sandbox.plan(Provider::Toss, "confirm", Fault::ErrorBefore(503));
    let other = client.toss("GET", "/v1/payments/orders/order-1", "", json!({})).await;
    assert_eq!(other.status, 200);
    for status in [500, 503, 200] {
        assert_eq!(confirm(&client, &body).await.unwrap().status, status);
    }
}

#[test]
#[should_panic(expected = "no operation confrm")]
fn a_fault_for_an_unknown_operation_is_rejected() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = runtime.block_on(TestClient::start());
    client.sandbox.plan(Provider::Toss, "confrm", Fault::Busy);
}

#[tokio::test]
async fn random_faults_depend_only_on_the_seed() {
    let mut runs = vec![];
    for _ in 0..2 {
        let client = TestClient::start().await;
        client.sandbox.set_random_faults(7, 500);
        let mut fates = vec![];
        for _ in 0..40 {
            let reply = client.try_stripe("POST", INTENTS, "", FORM).await;
            fates.push(reply.map_or(0, |reply| reply.status));
        }
        runs.push(fates);
    }
    assert_eq!(runs[0], runs[1]);
    for fate in [0, 200, 500, 503] {
        assert!(runs[0].contains(&fate), "{:?}", runs[0]);
    }
}
