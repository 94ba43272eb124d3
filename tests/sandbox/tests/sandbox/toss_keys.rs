//! Toss: what an idempotency key brings back.

use std::time::Duration;

use sandbox::{Fault, Provider};
use serde_json::json;

use crate::client::{World, basic, send, until};
use crate::toss::confirmation;

const CONFIRM: &str = "/v1/payments/confirm";

#[tokio::test]
async fn a_key_brings_the_first_answer_again() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    let first = world.toss("POST", CONFIRM, "k", body.clone()).await;
    let second = world.toss("POST", CONFIRM, "k", body).await;
    assert_eq!((second.status, second), (200, first));
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_key_shared_by_two_orders_brings_the_first_ones_answer_to_the_second() {
    let world = World::start().await;
    let one = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let two = world.sandbox.toss_authenticate("order-2", 200, "KRW");
    world
        .toss("POST", CONFIRM, "k", confirmation(&one, "order-1", 100))
        .await
        .good();
    let second = world
        .toss("POST", CONFIRM, "k", confirmation(&two, "order-2", 200))
        .await
        .good();
    assert_eq!(second["orderId"], "order-1");
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_refusal_is_brought_again_though_the_body_was_corrected() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let wrong = world
        .toss("POST", CONFIRM, "k", confirmation(&key, "order-1", 99))
        .await;
    let corrected = world
        .toss("POST", CONFIRM, "k", confirmation(&key, "order-1", 100))
        .await;
    assert_eq!(corrected.refusal(), (400, "INVALID_REQUEST"));
    assert_eq!(corrected, wrong);
    world
        .toss("POST", CONFIRM, "k2", confirmation(&key, "order-1", 100))
        .await
        .good();
}

#[tokio::test]
async fn a_key_is_one_of_its_url() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    world
        .toss("POST", CONFIRM, "k", confirmation(&key, "order-1", 100))
        .await
        .good();
    let path = format!("/v1/payments/{key}/cancel");
    let canceled = world
        .toss("POST", &path, "k", json!({ "cancelReason": "r" }))
        .await
        .good();
    assert_eq!(canceled["status"], "CANCELED");
}

#[tokio::test]
async fn a_key_lasts_fifteen_days() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    world.toss("POST", CONFIRM, "k", body.clone()).await.good();
    world.advance(15 * 24 * 3600 - 1);
    world.toss("POST", CONFIRM, "k", body.clone()).await.good();
    world.advance(1);
    let forgotten = world.toss("POST", CONFIRM, "k", body).await;
    assert_eq!(forgotten.refusal(), (400, "ALREADY_PROCESSED_PAYMENT"));
}

#[tokio::test]
async fn a_key_has_three_hundred_characters_at_most() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    let too_long = world.toss("POST", CONFIRM, &"k".repeat(301), body.clone()).await;
    assert_eq!(too_long.refusal(), (400, "INVALID_IDEMPOTENCY_KEY"));
    world.toss("POST", CONFIRM, &"k".repeat(300), body).await.good();
}

#[tokio::test]
async fn while_the_first_call_is_under_way_the_second_is_told_so() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    world
        .sandbox
        .plan(Provider::Toss, "confirm", Fault::Late(Duration::from_millis(1000)));
    let second = async {
        until(|| !world.sandbox.ledger().is_empty()).await;
        world.toss("POST", CONFIRM, "k", body.clone()).await
    };
    let (first, second) = tokio::join!(world.toss("POST", CONFIRM, "k", body.clone()), second);
    assert_eq!(second.refusal(), (409, "IDEMPOTENT_REQUEST_PROCESSING"));
    let third = world.toss("POST", CONFIRM, "k", body).await;
    assert_eq!(third.clone().good(), first.good());
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn an_internal_error_is_forgotten_while_its_charge_stands() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    let body = confirmation(&key, "order-1", 100);
    world.sandbox.plan(Provider::Toss, "confirm", Fault::ErrorAfter(500));
    let first = world.toss("POST", CONFIRM, "k", body.clone()).await;
    assert_eq!(first.refusal(), (500, "FAILED_INTERNAL_SYSTEM_PROCESSING"));
    let second = world.toss("POST", CONFIRM, "k", body).await;
    assert_eq!(second.refusal(), (400, "ALREADY_PROCESSED_PAYMENT"));
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_test_code_is_answered_and_nothing_is_done() {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
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
        let url = world.sandbox.toss_url() + CONFIRM;
        let reply = send("POST", url, headers, body.to_string()).await.unwrap();
        assert_eq!(reply.refusal(), (status, code));
    }
    world.toss("POST", CONFIRM, "", body).await.good();
}
