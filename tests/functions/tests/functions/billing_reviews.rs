//! Charges whose provider says nothing for a day, and what an administrator decides about them.

use function_tests::Desk;
use function_tests::desk::{monthly, subscribe_call, subscription};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

use crate::billing::{DAY, HOUR, assert_settled, hours, told};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Ann's subscription, whose first charge met `fault`, and of which Toss has not said for a day what became of it.
async fn hanging(desk: &Desk, fault: Fault) -> String {
    let id = begun(desk, fault).await;
    desk.live(hours(25), HOUR).await;
    desk.pass(MINUTE * 10);
    assert_eq!(desk.statuses("ann", &id).await.1, ["CHARGING"]);
    id
}

/// The same, just begun.
async fn begun(desk: &Desk, fault: Fault) -> String {
    let id = desk.subscribed("ann", "tea").await;
    desk.sandbox.plan(Provider::Toss, "billing", fault);
    for _ in 0..40 {
        desk.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    }
    desk.run().await;
    id
}

async fn decide(desk: &Desk, id: &str, key: &str, decision: &Value) -> Answer {
    desk.resolve_charge(call(id, "0", decision).by_admin().key(key)).await
}

fn call(id: &str, period: &str, decision: &Value) -> Call {
    Call::new("POST", "/subscriptions/{subscription_id}/invoices/{period}/review")
        .path("subscription_id", id)
        .path("period", period)
        .json(decision)
}

fn charged(reference: &str) -> Value {
    json!({ "decision": "CHARGED", "reference": reference })
}

fn not_charged(desk: &Desk) -> Value {
    json!({ "decision": "NOT_CHARGED", "looked_up_at": desk.now() })
}

#[tokio::test]
async fn a_hanging_charge_that_was_taken_pays_its_period_once_decided() {
    let desk = Desk::with("tea", 1).await;
    let id = hanging(&desk, Fault::DropAfter).await;
    let taken = charged(&desk.charged().reference);
    let decided = decide(&desk, &id, "k", &taken).await;
    assert_eq!((decided.status, decided.replayed), (200, false), "{decided:?}");
    assert_eq!(decided.body["status"], "PAID");
    let order = desk.see("ann", &desk.charged().order_id).await.body;
    assert_eq!(order["status"], "PAID");
    assert_eq!(order["payment_id"], decided.body["payment_id"]);

    let again = decide(&desk, &id, "k", &taken).await;
    assert_eq!((again.status, again.replayed, again.body), (200, true, decided.body));
    let other = decide(&desk, &id, "k", &not_charged(&desk)).await;
    assert_eq!((other.status, other.problem()), (422, "idempotency-key-reused"));
    let late = decide(&desk, &id, "l", &not_charged(&desk)).await;
    assert_eq!((late.status, late.problem()), (409, "not-in-review"));
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_hanging_charge_that_was_not_taken_is_tried_again_as_after_a_decline() {
    let desk = Desk::with("tea", 1).await;
    let id = hanging(&desk, Fault::DropBefore).await;
    let decided = decide(&desk, &id, "k", &not_charged(&desk)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("DECLINED")));
    assert_eq!(desk.engine.balance("tea").await.available, 1, "its stock is free");
    let events = told(&desk, harness::engine::SUBSCRIPTIONS).await;
    assert_eq!(events, ["InvoiceFailed", "SubscriptionStarted"]);
    desk.pass(DAY);
    desk.run().await;
    assert_eq!(desk.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(desk.charged().charges, 1);
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_decision_about_a_subscription_that_is_over_gives_money_or_stock_back() {
    let desk = Desk::with("tea", 1).await;
    let id = hanging(&desk, Fault::DropAfter).await;
    desk.end("ann", &id, "NOW").await;
    let decided = decide(&desk, &id, "k", &charged(&desk.charged().reference)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("VOID")));
    let order = desk.see("ann", &desk.charged().order_id).await.body;
    desk.refund("OrderCancelled", &order).await.unwrap();
    assert_eq!(desk.charged().refunded, 1000);
    assert_settled(&desk).await;

    let desk = Desk::with("tea", 1).await;
    let id = hanging(&desk, Fault::DropBefore).await;
    desk.end("ann", &id, "NOW").await;
    let decided = decide(&desk, &id, "k", &not_charged(&desk)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("VOID")));
    assert_eq!(desk.engine.balance("tea").await.available, 1);
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_hanging_charge_can_be_asked_about_again_at_once() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    let key = desk.billing_key("ann");
    desk.sandbox.toss_decline_next(&key, "REJECT_CARD_PAYMENT", 1);
    desk.run().await;
    desk.pass(DAY);
    // Toss tells of the try that it declined, whatever came after it.
    desk.sandbox.toss_tell_oldest(true);
    desk.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    desk.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    desk.run().await;
    desk.end("ann", &id, "NOW").await;
    desk.live(hours(26), HOUR).await;
    desk.pass(MINUTE * 10);
    desk.sandbox.toss_tell_oldest(false);
    assert_eq!(desk.run().await, 0, "it would be asked about later");
    let decided = decide(&desk, &id, "k", &json!({ "decision": "ASK_AGAIN" })).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("CHARGING")));
    assert_eq!(desk.run().await, 1, "it is due");
    assert_eq!(desk.statuses("ann", &id).await.1, ["VOID"], "what was taken goes back");
    let again = decide(&desk, &id, "k", &json!({ "decision": "ASK_AGAIN" })).await;
    assert_eq!((again.status, again.replayed), (200, true));
    let order = desk.see("ann", &desk.charged().order_id).await.body;
    desk.refund("OrderCancelled", &order).await.unwrap();
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_charge_is_not_decided_before_a_day_nor_while_its_provider_is_being_asked() {
    let desk = Desk::with("tea", 1).await;
    let id = begun(&desk, Fault::DropBefore).await;
    desk.pass(hours(23));
    let early = decide(&desk, &id, "k", &not_charged(&desk)).await;
    assert_eq!((early.status, early.problem()), (409, "not-in-review"));
    desk.pass(hours(2));
    let before = not_charged(&desk);
    desk.run().await;
    let asked = decide(&desk, &id, "k", &not_charged(&desk)).await;
    assert_eq!((asked.status, asked.problem()), (409, "payment-under-way"));
    desk.pass(MINUTE * 5);
    let stale = decide(&desk, &id, "k", &before).await;
    assert_eq!(
        (stale.status, stale.problem()),
        (409, "payment-under-way"),
        "it was asked for since"
    );
    assert_eq!(decide(&desk, &id, "k", &not_charged(&desk)).await.status, 200);
}

#[tokio::test]
async fn a_decision_is_an_administrators_about_a_charge_that_is_there() {
    let desk = Desk::with("tea", 2).await;
    let id = hanging(&desk, Fault::DropAfter).await;
    let decision = charged(&desk.charged().reference);
    let by_ann = desk.resolve_charge(call(&id, "0", &decision).by("ann").key("k")).await;
    assert_eq!((by_ann.status, by_ann.problem()), (403, "forbidden"));
    for (id, period) in [
        (&*id, "1"),
        (&*id, "-1"),
        (&*id, "4294967296"),
        ("00000000-0000-4000-8000-000000000000", "0"),
        ("x", "0"),
    ] {
        let answer = desk
            .resolve_charge(call(id, period, &decision).by_admin().key("k"))
            .await;
        assert_eq!((answer.status, answer.problem()), (404, "not-found"), "{id} {period}");
    }
    let long = "x".repeat(201);
    for bad in [
        charged(""),
        charged(&long),
        charged("a b"),
        json!({ "decision": "CHARGED" }),
        json!({ "decision": "NOT_CHARGED" }),
        json!({ "decision": "NOT_CHARGED", "looked_up_at": desk.now(), "reference": "x" }),
        json!({}),
    ] {
        let answer = decide(&desk, &id, "k", &bad).await;
        assert_eq!((answer.status, answer.problem()), (400, "malformed-body"), "{bad}");
    }
    assert_eq!(desk.statuses("ann", &id).await.1, ["CHARGING"]);
}

#[tokio::test]
async fn a_reference_of_another_orders_payment_does_not_pay_a_period() {
    let desk = Desk::with("tea", 2).await;
    let other = desk.subscribed("bob", "tea").await;
    desk.run().await;
    assert_eq!(desk.statuses("bob", &other).await.1, ["PAID"]);
    let id = hanging(&desk, Fault::DropBefore).await;
    let mistaken = decide(&desk, &id, "k", &charged(&desk.charged().reference)).await;
    assert_eq!((mistaken.status, mistaken.problem()), (422, "payment-mismatch"));
    assert_eq!(desk.statuses("ann", &id).await.1, ["CHARGING"]);
}

#[tokio::test]
async fn a_stripe_charge_is_decided_by_its_own_intent_only() {
    let desk = Desk::with("tea", 1).await;
    let method = desk.sandbox.stripe_payment_method(&Card::Good);
    let authorization = json!({ "provider": "stripe", "payment_method": method });
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = desk.subscribe(subscribe_call("ann", "k", &body)).await;
    let id = begun.body["subscription_id"].as_str().unwrap();
    desk.sandbox.plan(Provider::Stripe, "confirm_intent", Fault::DropAfter);
    for _ in 0..40 {
        desk.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    }
    desk.run().await;
    desk.live(hours(25), HOUR).await;
    desk.pass(MINUTE * 10);
    let mistaken = decide(&desk, id, "k", &charged("pi_another")).await;
    assert_eq!((mistaken.status, mistaken.problem()), (422, "payment-mismatch"));
    let decided = decide(&desk, id, "k", &charged(&desk.charged().reference)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("PAID")));
    assert_settled(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_is_sent_twice_at_once_or_whose_answer_is_lost_is_one() {
    for round in 0..10 {
        let desk = Desk::with("tea", 1).await;
        let id = hanging(&desk, Fault::DropAfter).await;
        let decision = charged(&desk.charged().reference);
        if round % 2 == 0 {
            desk.engine
                .faults
                .plan("TransactWriteItems", harness::Fault::LoseAnswer);
        }
        let (one, other) = futures::join!(decide(&desk, &id, "k", &decision), decide(&desk, &id, "k", &decision),);
        for answer in [one, other] {
            assert_eq!((answer.status, &answer.body["status"]), (200, &json!("PAID")));
        }
        assert_settled(&desk).await;
    }
}
