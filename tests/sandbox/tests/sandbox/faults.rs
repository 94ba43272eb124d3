//! Each fault does what it says, and no more.

use std::time::{Duration, Instant};

use sandbox::{Fault, Provider};
use serde_json::{Value, json};

use crate::client::{Reply, World};
use crate::stripe::{FORM, INTENTS};
use crate::toss::confirmation;

const CONFIRM: &str = "/v1/payments/confirm";

/// A sandbox in which the next confirmation meets `fault`, and that confirmation's body.
async fn world_with(fault: Fault) -> (World, Value) {
    let world = World::start().await;
    let key = world.sandbox.toss_authenticate("order-1", 100, "KRW");
    world.sandbox.plan(Provider::Toss, "confirm", fault);
    (world, confirmation(&key, "order-1", 100))
}

async fn confirm(world: &World, body: &Value) -> Result<Reply, String> {
    world.try_toss("POST", CONFIRM, "k", body.clone()).await
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_served() {
    let (world, body) = world_with(Fault::NeverAnswer).await;
    let error = confirm(&world, &body).await.unwrap_err();
    assert!(error.contains("timeout"), "{error}");
    assert_eq!(world.moved(), (100, 1, 0, 0));
    assert_eq!(confirm(&world, &body).await.unwrap().good()["status"], "DONE");
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_connection_dropped_before_leaves_nothing_done() {
    let (world, body) = world_with(Fault::DropBefore).await;
    let error = confirm(&world, &body).await.unwrap_err();
    assert!(!error.contains("timeout"), "{error}");
    assert!(world.sandbox.ledger().is_empty());
    confirm(&world, &body).await.unwrap().good();
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_connection_dropped_after_leaves_everything_done() {
    let (world, body) = world_with(Fault::DropAfter).await;
    let error = confirm(&world, &body).await.unwrap_err();
    assert!(!error.contains("timeout"), "{error}");
    assert_eq!(world.moved(), (100, 1, 0, 0));
    confirm(&world, &body).await.unwrap().good();
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn a_late_answer_is_late() {
    let (world, body) = world_with(Fault::Late(Duration::from_millis(300))).await;
    let begin = Instant::now();
    confirm(&world, &body).await.unwrap().good();
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(world.moved(), (100, 1, 0, 0));
}

#[tokio::test]
async fn an_error_before_leaves_nothing_done() {
    let (world, body) = world_with(Fault::ErrorBefore(503)).await;
    let reply = confirm(&world, &body).await.unwrap();
    assert_eq!(reply.refusal(), (503, "FAILED_INTERNAL_SYSTEM_PROCESSING"));
    assert!(world.sandbox.ledger().is_empty());
    confirm(&world, &body).await.unwrap().good();
}

#[tokio::test]
async fn an_error_after_leaves_the_money_taken() {
    let (world, body) = world_with(Fault::ErrorAfter(502)).await;
    let reply = confirm(&world, &body).await.unwrap();
    assert_eq!(reply.refusal(), (502, "FAILED_INTERNAL_SYSTEM_PROCESSING"));
    assert_eq!(world.moved(), (100, 1, 0, 0));
    let found = world.toss("GET", "/v1/payments/orders/order-1", "", json!({})).await;
    assert_eq!(found.good()["status"], "DONE");
}

#[tokio::test]
async fn a_code_is_answered_and_nothing_is_done() {
    let (world, body) = world_with(Fault::Code("REJECT_CARD_COMPANY".into())).await;
    assert_eq!(
        confirm(&world, &body).await.unwrap().refusal(),
        (403, "REJECT_CARD_COMPANY")
    );
    assert!(world.sandbox.ledger().is_empty());
    let key = confirm(&world, &body).await.unwrap();
    assert_eq!(
        key.refusal(),
        (403, "REJECT_CARD_COMPANY"),
        "a refusal is kept for its key"
    );
    world.toss("POST", CONFIRM, "k2", body).await.good();

    world.sandbox.plan(
        Provider::Stripe,
        "create_intent",
        Fault::Code("card_declined/lost_card".into()),
    );
    let declined = world.stripe("POST", INTENTS, "", FORM).await;
    assert_eq!(declined.refusal(), (402, "card_declined"));
    assert_eq!(declined.body["error"]["decline_code"], "lost_card");
    world
        .sandbox
        .plan(Provider::Kakaopay, "order", Fault::Code("-780/LOCKED".into()));
    let declined = world.kakaopay("order", json!({})).await;
    assert_eq!(
        (declined.status, &declined.body["extras"]["method_result_code"]),
        (400, &json!("LOCKED"))
    );
}

#[tokio::test]
async fn a_code_waits_for_a_call_that_is_not_a_replay() {
    let (world, body) = world_with(Fault::Late(Duration::ZERO)).await;
    confirm(&world, &body).await.unwrap().good();
    world
        .sandbox
        .plan(Provider::Toss, "confirm", Fault::Code("REJECT_CARD_COMPANY".into()));
    confirm(&world, &body).await.unwrap().good();
    let reply = world.toss("POST", CONFIRM, "k2", body).await;
    assert_eq!(reply.refusal(), (403, "REJECT_CARD_COMPANY"));
}

#[tokio::test]
async fn a_busy_provider_is_so_once() {
    let (world, body) = world_with(Fault::Busy).await;
    let busy = confirm(&world, &body).await.unwrap();
    assert_eq!(busy.refusal(), (409, "IDEMPOTENT_REQUEST_PROCESSING"));
    assert!(world.sandbox.ledger().is_empty());
    confirm(&world, &body).await.unwrap().good();

    world.sandbox.plan(Provider::Stripe, "create_intent", Fault::Busy);
    assert_eq!(
        world.stripe("POST", INTENTS, "k", FORM).await.refusal(),
        (409, "lock_timeout")
    );
    world.stripe("POST", INTENTS, "k", FORM).await.good();
}

#[tokio::test]
async fn faults_are_met_in_order_and_by_their_operation_only() {
    let (world, body) = world_with(Fault::ErrorBefore(500)).await;
    world.sandbox.plan(Provider::Toss, "confirm", Fault::ErrorBefore(503));
    let other = world.toss("GET", "/v1/payments/orders/order-1", "", json!({})).await;
    assert_eq!(other.status, 200);
    for status in [500, 503, 200] {
        assert_eq!(confirm(&world, &body).await.unwrap().status, status);
    }
}

#[test]
#[should_panic(expected = "no operation confrm")]
fn a_fault_for_an_operation_that_is_not_there_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::start());
    world.sandbox.plan(Provider::Toss, "confrm", Fault::Busy);
}

#[tokio::test]
async fn random_faults_are_those_of_their_seed() {
    let mut runs = vec![];
    for _ in 0..2 {
        let world = World::start().await;
        world.sandbox.set_random_faults(7, 500);
        let mut fates = vec![];
        for _ in 0..40 {
            let reply = world.try_stripe("POST", INTENTS, "", FORM).await;
            fates.push(reply.map_or(0, |reply| reply.status));
        }
        runs.push(fates);
    }
    assert_eq!(runs[0], runs[1]);
    for fate in [0, 200, 500, 503] {
        assert!(runs[0].contains(&fate), "{:?}", runs[0]);
    }
}
