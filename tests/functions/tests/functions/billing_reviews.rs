//! Charges whose outcome is unknown for a day, and an administrator's decisions about them.

use function_tests::BillingFixture;
use function_tests::billing_fixture::{monthly, subscribe_call, subscription};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};

use crate::billing::{DAY, HOUR, assert_settled, event_names, hours};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Creates a subscription of `ann` whose first charge meets `fault` and whose outcome stays unknown for a day.
pub async fn hanging(shop: &BillingFixture, fault: Fault) -> String {
    let id = shop.subscribed("ann", "tea").await;
    hanging_with(shop, &id, fault).await;
    id
}

/// Lets the first charge of a subscription meet `fault`, and a day pass.
pub async fn hanging_with(shop: &BillingFixture, id: &str, fault: Fault) {
    charge_once(shop, fault).await;
    shop.advance_with_runs(hours(25), HOUR).await;
    shop.advance(MINUTE * 10);
    assert_eq!(shop.statuses("ann", id).await.1, ["CHARGING"]);
}

/// Creates the same subscription right after its first charge.
async fn begun(shop: &BillingFixture, fault: Fault) -> String {
    let id = shop.subscribed("ann", "tea").await;
    charge_once(shop, fault).await;
    id
}

async fn charge_once(shop: &BillingFixture, fault: Fault) {
    shop.sandbox.plan(Provider::Toss, "billing", fault);
    for _ in 0..40 {
        shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    }
    shop.run().await;
}

pub async fn decide(shop: &BillingFixture, id: &str, key: &str, decision: &Value) -> Answer {
    shop.resolve_charge(call(id, "0", decision).by_admin().key(key)).await
}

fn call(id: &str, period: &str, decision: &Value) -> Call {
    Call::new(
        "POST",
        "/admin/subscriptions/{subscription_id}/invoices/{period}/review",
    )
    .path("subscription_id", id)
    .path("period", period)
    .json(decision)
}

fn charged(reference: &str) -> Value {
    json!({ "decision": "CHARGED", "reference": reference })
}

fn not_charged(shop: &BillingFixture) -> Value {
    json!({ "decision": "NOT_CHARGED", "looked_up_at": shop.now() })
}

#[tokio::test]
async fn an_unknown_charge_decided_as_charged_pays_its_period() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = hanging(&shop, Fault::DropAfter).await;
    let taken = charged(&shop.charged().reference);
    let decided = decide(&shop, &id, "k", &taken).await;
    assert_eq!((decided.status, decided.replayed), (200, false), "{decided:?}");
    assert_eq!(decided.body["status"], "PAID");
    let order = shop.see("ann", &shop.charged().order_id).await.body;
    assert_eq!(order["status"], "PAID");
    assert_eq!(order["payment_id"], decided.body["payment_id"]);

    let again = decide(&shop, &id, "k", &taken).await;
    assert_eq!((again.status, again.replayed, again.body), (200, true, decided.body));
    let other = decide(&shop, &id, "k", &not_charged(&shop)).await;
    assert_eq!((other.status, other.problem()), (422, "idempotency-key-reused"));
    let late = decide(&shop, &id, "l", &not_charged(&shop)).await;
    assert_eq!((late.status, late.problem()), (409, "not-in-review"));
    assert_settled(&shop).await;
}

#[tokio::test]
async fn an_unknown_charge_decided_as_not_charged_is_retried_as_after_a_decline() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = hanging(&shop, Fault::DropBefore).await;
    let decided = decide(&shop, &id, "k", &not_charged(&shop)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("DECLINED")));
    assert_eq!(shop.engine.balance("tea").await.available, 1, "its stock is released");
    let events = event_names(&shop, harness::engine::SUBSCRIPTIONS).await;
    assert_eq!(events, ["InvoiceFailed", "SubscriptionStarted"]);
    shop.advance(DAY);
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_eq!(shop.charged().charges, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_decision_about_a_canceled_subscription_refunds_money_or_releases_stock() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = hanging(&shop, Fault::DropAfter).await;
    shop.end("ann", &id, "NOW").await;
    let decided = decide(&shop, &id, "k", &charged(&shop.charged().reference)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("VOID")));
    let order = shop.see("ann", &shop.charged().order_id).await.body;
    shop.refund("OrderCancelled", &order).await.unwrap();
    assert_eq!(shop.charged().refunded, 1000);
    assert_settled(&shop).await;

    let shop = BillingFixture::with("tea", 1).await;
    let id = hanging(&shop, Fault::DropBefore).await;
    shop.end("ann", &id, "NOW").await;
    let decided = decide(&shop, &id, "k", &not_charged(&shop)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("VOID")));
    assert_eq!(shop.engine.balance("tea").await.available, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn an_administrator_can_have_an_unknown_charge_queried_at_once() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let key = shop.billing_key("ann");
    shop.sandbox.toss_decline_next(&key, "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    shop.advance(DAY);
    // Toss reports the declined attempt instead of the later one.
    shop.sandbox.toss_return_oldest(true);
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    shop.run().await;
    shop.end("ann", &id, "NOW").await;
    shop.advance_with_runs(hours(26), HOUR).await;
    shop.advance(MINUTE * 10);
    shop.sandbox.toss_return_oldest(false);
    assert_eq!(shop.run().await, 0, "the next query is due later");
    let decided = decide(&shop, &id, "k", &json!({ "decision": "ASK_AGAIN" })).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("CHARGING")));
    assert_eq!(shop.run().await, 1, "it is due");
    assert_eq!(shop.statuses("ann", &id).await.1, ["VOID"], "the charge is refunded");
    let again = decide(&shop, &id, "k", &json!({ "decision": "ASK_AGAIN" })).await;
    assert_eq!((again.status, again.replayed), (200, true));
    let order = shop.see("ann", &shop.charged().order_id).await.body;
    shop.refund("OrderCancelled", &order).await.unwrap();
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_charge_is_not_decided_within_a_day_nor_while_its_provider_is_queried() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = begun(&shop, Fault::DropBefore).await;
    shop.advance(hours(23));
    let early = decide(&shop, &id, "k", &not_charged(&shop)).await;
    assert_eq!((early.status, early.problem()), (409, "not-in-review"));
    shop.advance(hours(2));
    let before = not_charged(&shop);
    shop.run().await;
    let requested = decide(&shop, &id, "k", &not_charged(&shop)).await;
    assert_eq!((requested.status, requested.problem()), (409, "payment-under-way"));
    shop.advance(MINUTE * 5);
    let stale = decide(&shop, &id, "k", &before).await;
    assert_eq!(
        (stale.status, stale.problem()),
        (409, "payment-under-way"),
        "it was queried since"
    );
    assert_eq!(decide(&shop, &id, "k", &not_charged(&shop)).await.status, 200);
}

#[tokio::test]
async fn only_an_administrator_decides_and_only_about_an_existing_charge() {
    let shop = BillingFixture::with("tea", 2).await;
    let id = hanging(&shop, Fault::DropAfter).await;
    let decision = charged(&shop.charged().reference);
    let by_ann = shop.resolve_charge(call(&id, "0", &decision).by("ann").key("k")).await;
    assert_eq!((by_ann.status, by_ann.problem()), (403, "forbidden"));
    for (id, period) in [
        (&*id, "1"),
        (&*id, "-1"),
        (&*id, "4294967296"),
        ("00000000-0000-4000-8000-000000000000", "0"),
        ("x", "0"),
    ] {
        let answer = shop
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
        json!({ "decision": "NOT_CHARGED", "looked_up_at": shop.now(), "reference": "x" }),
        json!({}),
    ] {
        let answer = decide(&shop, &id, "k", &bad).await;
        assert_eq!((answer.status, answer.problem()), (400, "malformed-body"), "{bad}");
    }
    assert_eq!(shop.statuses("ann", &id).await.1, ["CHARGING"]);
}

#[tokio::test]
async fn a_reference_of_another_orders_payment_does_not_pay_a_period() {
    let shop = BillingFixture::with("tea", 2).await;
    let other = shop.subscribed("bob", "tea").await;
    shop.run().await;
    assert_eq!(shop.statuses("bob", &other).await.1, ["PAID"]);
    let id = hanging(&shop, Fault::DropBefore).await;
    let mistaken = decide(&shop, &id, "k", &charged(&shop.charged().reference)).await;
    assert_eq!((mistaken.status, mistaken.problem()), (422, "payment-mismatch"));
    assert_eq!(shop.statuses("ann", &id).await.1, ["CHARGING"]);
}

#[tokio::test]
async fn a_stripe_charge_is_decided_only_with_its_own_intent() {
    let shop = BillingFixture::with("tea", 1).await;
    let method = shop.sandbox.stripe_payment_method(&Card::Good);
    let authorization = json!({ "provider": "STRIPE", "payment_method": method });
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    let id = begun.body["subscription_id"].as_str().unwrap();
    shop.sandbox.plan(Provider::Stripe, "confirm_intent", Fault::DropAfter);
    for _ in 0..40 {
        shop.sandbox.plan(Provider::Stripe, "intent", Fault::ErrorBefore(500));
    }
    shop.run().await;
    shop.advance_with_runs(hours(25), HOUR).await;
    shop.advance(MINUTE * 10);
    let mistaken = decide(&shop, id, "k", &charged("pi_another")).await;
    assert_eq!((mistaken.status, mistaken.problem()), (422, "payment-mismatch"));
    let decided = decide(&shop, id, "k", &charged(&shop.charged().reference)).await;
    assert_eq!((decided.status, &decided.body["status"]), (200, &json!("PAID")));
    assert_settled(&shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_sent_twice_at_once_or_with_a_lost_response_applies_once() {
    for round in 0..10 {
        let shop = BillingFixture::with("tea", 1).await;
        let id = hanging(&shop, Fault::DropAfter).await;
        let decision = charged(&shop.charged().reference);
        if round % 2 == 0 {
            shop.engine
                .faults
                .plan("TransactWriteItems", harness::Fault::LoseAnswer);
        }
        let (one, other) = futures::join!(decide(&shop, &id, "k", &decision), decide(&shop, &id, "k", &decision),);
        for answer in [one, other] {
            assert_eq!((answer.status, &answer.body["status"]), (200, &json!("PAID")));
        }
        assert_settled(&shop).await;
    }
}
