//! Stripe: what an idempotency key brings back.

use std::time::Duration;

use sandbox::{Fault, Provider};
use serde_json::json;

use crate::client::{World, until};
use crate::stripe::INTENTS;

const CHARGE: &str = "amount=5000&currency=krw&confirm=true&off_session=true&payment_method=pm_card_visa";

#[tokio::test]
async fn a_key_brings_the_first_answer_again() {
    let world = World::start().await;
    let first = world.stripe("POST", INTENTS, "k", CHARGE).await;
    let reordered = "payment_method=pm_card_visa&off_session=true&confirm=true&currency=krw&amount=5000";
    let second = world.stripe("POST", INTENTS, "k", reordered).await;
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!(second.good(), first.good());
    assert_eq!(world.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_key_is_not_used_with_other_parameters() {
    let world = World::start().await;
    world.stripe("POST", INTENTS, "k", CHARGE).await.good();
    let other = CHARGE.replace("5000", "6000");
    let reply = world.stripe("POST", INTENTS, "k", &other).await;
    assert_eq!(
        (reply.status, &reply.body["error"]["type"]),
        (400, &json!("idempotency_error"))
    );
    assert_eq!(world.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn an_internal_error_is_what_the_key_brings_from_then_on() {
    let world = World::start().await;
    world
        .sandbox
        .plan(Provider::Stripe, "create_intent", Fault::ErrorAfter(500));
    for replayed in [false, true] {
        let reply = world.stripe("POST", INTENTS, "k", CHARGE).await;
        assert_eq!((reply.status, reply.replayed), (500, replayed));
        assert_eq!(reply.body["error"]["type"], "api_error");
    }
    assert_eq!(world.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_decline_is_what_the_key_brings_from_then_on() {
    let world = World::start().await;
    let form = CHARGE.replace("pm_card_visa", "pm_card_visa_chargeDeclined");
    let first = world.stripe("POST", INTENTS, "k", &form).await;
    let second = world.stripe("POST", INTENTS, "k", &form).await;
    assert_eq!(first.refusal(), (402, "card_declined"));
    assert_eq!((second.status, &second.body), (402, &first.body));
}

#[tokio::test]
async fn a_call_that_never_began_leaves_its_key_free() {
    let world = World::start().await;
    let reply = world.stripe("POST", INTENTS, "k", "amount=5000").await;
    assert_eq!(reply.refusal(), (400, "parameter_missing"));
    world.stripe("POST", INTENTS, "k", CHARGE).await.good();
    world
        .sandbox
        .plan(Provider::Stripe, "create_intent", Fault::ErrorBefore(503));
    assert_eq!(world.stripe("POST", INTENTS, "k2", CHARGE).await.status, 503);
    world.stripe("POST", INTENTS, "k2", CHARGE).await.good();
    assert_eq!(world.sandbox.ledger().len(), 2);
}

#[tokio::test]
async fn while_the_first_call_is_under_way_the_second_is_told_so() {
    let world = World::start().await;
    world.sandbox.plan(
        Provider::Stripe,
        "create_intent",
        Fault::Late(Duration::from_millis(1000)),
    );
    let second = async {
        until(|| !world.sandbox.ledger().is_empty()).await;
        world.stripe("POST", INTENTS, "k", CHARGE).await
    };
    let (first, second) = tokio::join!(world.stripe("POST", INTENTS, "k", CHARGE), second);
    first.good();
    assert_eq!(second.refusal(), (409, "idempotency_key_in_use"));
    assert_eq!(world.moved(), (5000, 1, 0, 0));
}

#[tokio::test]
async fn a_key_has_255_characters_at_most_and_lasts_a_day() {
    let world = World::start().await;
    let too_long = world.stripe("POST", INTENTS, &"k".repeat(256), CHARGE).await;
    assert_eq!(too_long.status, 400);
    let key = "k".repeat(255);
    world.stripe("POST", INTENTS, &key, CHARGE).await.good();
    world.advance(24 * 3600 - 1);
    assert!(world.stripe("POST", INTENTS, &key, CHARGE).await.replayed);
    world.advance(1);
    assert!(!world.stripe("POST", INTENTS, &key, CHARGE).await.replayed);
}
