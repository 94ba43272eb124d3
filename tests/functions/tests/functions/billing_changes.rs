//! Subscriptions that change: paused, skipped, with other things, over, late after an outage, with another card.

use super::billing::{HOUR, assert_settled, hours, told};
use function_tests::desk::{monthly, schedule, subscribe_call, subscription};
use function_tests::{Desk, order_call, put_call};
use harness::engine::SUBSCRIPTIONS;
use harness::gateway::Call;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Card, Provider};
use serde_json::json;

#[tokio::test]
async fn a_pause_bills_nothing_until_the_next_date_after_it() {
    let desk = Desk::with("tea", 5).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.run().await;
    let pause = json!({ "change": "PAUSE" });
    assert_eq!(desk.change("ann", &id, "1", &pause).await.body["status"], "PAUSED");
    desk.live(hours(24 * 40), hours(24)).await;
    assert_eq!(desk.charges().len(), 1);
    let resumed = desk.change("ann", &id, "2", &json!({ "change": "RESUME" })).await;
    assert_eq!(resumed.body["next_at"], "2026-03-01T00:00:00Z", "{resumed:?}");
    desk.live(hours(24 * 20), hours(24)).await;
    assert_eq!(desk.charges().len(), 2);
    let refused = desk.change("ann", &id, "3", &json!({ "change": "RESUME" })).await;
    assert_eq!(refused.problem(), "subscription-status");
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_pause_gives_up_what_was_declined() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.sandbox
        .toss_decline_next(&desk.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    desk.run().await;
    desk.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    desk.live(hours(24 * 8), hours(12)).await;
    let expected = ("PAUSED".to_owned(), vec!["VOID".to_owned()]);
    assert_eq!(desk.statuses("ann", &id).await, expected);
    assert_settled(&desk).await;
}

#[tokio::test]
async fn one_delivery_is_skipped_however_often_it_is_asked_for() {
    let desk = Desk::with("tea", 5).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.run().await;
    let skip = json!({ "change": "SKIP", "period": 1 });
    let skipped = desk.change("ann", &id, "1", &skip).await;
    assert_eq!(skipped.body["next_at"], "2026-03-01T00:00:00Z", "{skipped:?}");
    assert!(desk.change("ann", &id, "1", &skip).await.replayed);
    assert_eq!(desk.change("ann", &id, "2", &skip).await.problem(), "not-next-period");
    let reused = desk.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    assert_eq!(reused.problem(), "idempotency-key-reused");
    desk.live(hours(24 * 60), hours(24)).await;
    let dates: Vec<String> = desk
        .charges()
        .iter()
        .map(|at| at.strftime("%m-%d").to_string())
        .collect();
    assert_eq!(dates, ["01-01", "03-01"]);
}

#[tokio::test]
async fn other_things_come_from_the_next_period_on() {
    let desk = Desk::with("tea", 5).await;
    desk.list("cup", 500, 1).await;
    desk.receive("cup", 5).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.run().await;
    let items =
        json!({ "change": "ITEMS", "items": [{ "sku": "cup", "quantity": 1 }, { "sku": "cup", "quantity": 2 }] });
    let changed = desk.change("ann", &id, "1", &items).await;
    assert_eq!(
        changed.body["items"],
        json!([{ "sku": "cup", "quantity": 3 }]),
        "{changed:?}"
    );
    desk.live(hours(24 * 31), hours(24)).await;
    let charged: Vec<i64> = desk.sandbox.ledger().iter().map(|entry| entry.charged).collect();
    assert_eq!(charged, [1000, 1500]);
}

#[tokio::test]
async fn a_subscription_ends_with_its_period_unless_its_customer_goes_on() {
    let desk = Desk::with("tea", 5).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.run().await;
    let ending = desk.end("ann", &id, "PERIOD_END").await;
    assert_eq!(
        (&ending.body["status"], &ending.body["ends_with_period"]),
        (&json!("ACTIVE"), &json!(true))
    );
    assert!(desk.end("ann", &id, "PERIOD_END").await.replayed);
    let going_on = desk.change("ann", &id, "1", &json!({ "change": "CONTINUE" })).await;
    assert_eq!(going_on.body["ends_with_period"], false);
    desk.live(hours(24 * 31), hours(24)).await;
    assert_eq!(desk.charges().len(), 2);

    desk.end("ann", &id, "PERIOD_END").await;
    desk.live(hours(24 * 40), hours(24)).await;
    assert_eq!(desk.charges().len(), 2);
    let (status, _) = desk.statuses("ann", &id).await;
    assert_eq!(status, "CANCELLED");
    assert_eq!(
        desk.sandbox
            .toss_billing_keys(&function_tests::desk::customer_key("ann")),
        [""; 0]
    );
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_late_retry_of_a_cancellation_cancels_nothing_again() {
    let desk = Desk::with("tea", 5).await;
    let id = desk.subscribed("ann", "tea").await;
    assert_eq!(desk.end_by("ann", &id, "k", "PERIOD_END").await.status, 200);
    desk.change("ann", &id, "1", &json!({ "change": "CONTINUE" })).await;

    let late = desk.end_by("ann", &id, "k", "PERIOD_END").await;
    assert_eq!((late.status, late.replayed), (200, true), "{late:?}");
    assert_eq!(late.body["ends_with_period"], false);
    let other = desk.end_by("ann", &id, "k", "NOW").await;
    assert_eq!(other.problem(), "idempotency-key-reused", "{other:?}");
}

#[tokio::test]
async fn a_card_whose_provider_does_not_take_the_currency_is_refused() {
    let desk = Desk::with("tea", 5).await;
    let abroad = json!({ "name": "Tea", "price": { "amount": 900, "currency": "USD" }, "status": "LISTED" });
    assert!(desk.put_product(put_call("export-tea", &abroad)).await.status < 300);
    let card = json!({ "provider": "stripe", "payment_method": desk.sandbox.stripe_payment_method(&Card::Good) });
    let body = subscription(&[("export-tea", 1)], &monthly("2026-01-02"), &card);
    let begun = desk.subscribe(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");

    let id = begun.body["subscription_id"].as_str().unwrap();
    let change = json!({ "change": "CARD", "authorization": desk.authorization("ann") });
    let answer = desk.change("ann", id, "1", &change).await;
    assert_eq!(answer.problem(), "amount-not-taken", "{answer:?}");
}

#[tokio::test]
async fn a_subscription_that_is_cancelled_at_once_is_never_billed_again_and_its_key_is_deleted() {
    let desk = Desk::with("tea", 5).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.run().await;
    let over = desk.end("ann", &id, "NOW").await;
    assert_eq!(
        (over.status, &over.body["status"]),
        (200, &json!("CANCELLED")),
        "{over:?}"
    );
    assert!(desk.end("ann", &id, "NOW").await.replayed);
    let closed = desk.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    assert_eq!(closed.problem(), "subscription-closed");
    desk.live(hours(24 * 70), hours(24)).await;
    assert_eq!(desk.charges().len(), 1);
    assert_eq!(
        desk.sandbox
            .toss_billing_keys(&function_tests::desk::customer_key("ann")),
        [""; 0]
    );
    assert_eq!(desk.sandbox.ledger().len(), 1);
    assert_settled(&desk).await;
}

#[tokio::test]
async fn after_an_outage_missed_periods_are_billed_oldest_first_one_a_run_and_old_ones_skipped() {
    let desk = Desk::with("tea", 50).await;
    let daily = schedule("2026-01-01", "09:00:00", "Asia/Seoul", "day", 1);
    let body = subscription(&[("tea", 1)], &daily, &desk.authorization("ann"));
    let begun = desk.subscribe(subscribe_call("ann", "k", &body)).await;
    let id = begun.body["subscription_id"].as_str().unwrap();
    desk.run().await;
    // Nothing runs for ten days: days 1 and 2 are too old, 3 to 10 are billed.
    desk.pass(hours(24 * 10) + HOUR);
    let mut billed = vec![];
    for _ in 0..12 {
        desk.run().await;
        let account = desk.account("ann", id).await;
        let period = account["invoices"][0]["period"].as_i64().unwrap();
        if billed.last() != Some(&period) {
            billed.push(period);
        }
    }
    assert_eq!(billed, [0, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(desk.charges().len(), 8);
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_date_on_which_clocks_change_is_billed_once_when_its_time_comes() {
    let desk = Desk::with("tea", 9).await;
    desk.pass(hours(24 * 86));
    let berlin = schedule("2026-03-28", "02:30:00", "Europe/Berlin", "day", 1);
    let body = subscription(&[("tea", 1)], &berlin, &desk.authorization("ann"));
    assert_eq!(desk.subscribe(subscribe_call("ann", "k", &body)).await.status, 201);
    desk.live(hours(24 * 4), SignedDuration::from_mins(30)).await;
    let due: Vec<Timestamp> = [
        "2026-03-28T01:30:00Z",
        "2026-03-29T01:30:00Z",
        "2026-03-30T00:30:00Z",
        "2026-03-31T00:30:00Z",
    ]
    .map(|at| at.parse().unwrap())
    .to_vec();
    assert_eq!(desk.charges()[..4], due);
}

#[tokio::test]
async fn a_deleted_billing_key_asks_for_a_new_card_and_ends_in_a_hard_decline() {
    let desk = Desk::with("tea", 2).await;
    let id = desk.subscribed("ann", "tea").await;
    desk.run().await;
    desk.sandbox.webhooks();
    desk.sandbox
        .toss_delete_billing(&desk.billing_key("ann"), "CARD_EXPIRED");
    assert_eq!(desk.deliver_all().await, [200]);
    let account = desk.account("ann", &id).await;
    assert_eq!(account["subscription"]["needs_card"], true);
    assert!(
        told(&desk, SUBSCRIPTIONS)
            .await
            .contains(&"SubscriptionChanged".to_owned())
    );
    desk.live(hours(24 * 31), hours(24)).await;
    let (status, _) = desk.statuses("ann", &id).await;
    assert_eq!(status, "PAST_DUE");
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_hint_about_a_billing_key_that_nobody_has_says_nothing() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    let hint = json!({ "eventType": "BILLING_DELETED", "data": { "billingKey": "guess" } });
    let call = Call::new("POST", "/webhooks/{provider}")
        .path("provider", "toss")
        .json(&hint);
    let answer = desk.webhook(call).await;
    assert_eq!((answer.status, &answer.body["outcome"]), (200, &json!("IGNORED")));
    assert_eq!(desk.account("ann", &id).await["subscription"]["needs_card"], false);
}

#[tokio::test]
async fn a_card_at_stripe_is_charged_declined_and_replaced_too() {
    let desk = Desk::with("tea", 3).await;
    let saved =
        |card: &Card| json!({ "provider": "stripe", "payment_method": desk.sandbox.stripe_payment_method(card) });
    let authorization = saved(&Card::Good);
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = desk.subscribe(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let id = begun.body["subscription_id"].as_str().unwrap();
    desk.run().await;
    let entry = desk.charged();
    assert_eq!((entry.provider, entry.charged), (Provider::Stripe, 1000));
    assert!(desk.deliver_all().await.iter().all(|status| *status == 200));

    let method = authorization["payment_method"].as_str().unwrap();
    desk.sandbox
        .stripe_set_card(method, &Card::declined("card_declined", "stolen_card"));
    desk.live(hours(24 * 31), hours(24)).await;
    let (status, invoices) = desk.statuses("ann", id).await;
    assert_eq!((&*status, &*invoices[0]), ("PAST_DUE", "DECLINED"));
    assert!(
        desk.deliver_all().await.iter().all(|status| *status == 200),
        "no message comes again and again"
    );
    let card = json!({ "change": "CARD", "authorization": saved(&Card::Good) });
    assert_eq!(desk.change("ann", id, "card", &card).await.status, 200);
    desk.work().await;
    let (status, invoices) = desk.statuses("ann", id).await;
    assert_eq!((&*status, &*invoices[0]), ("ACTIVE", "PAID"));
    assert_settled(&desk).await;
}

#[tokio::test]
async fn a_key_that_was_sealed_for_another_subscription_does_not_open() {
    let desk = Desk::with("tea", 2).await;
    let id = desk.subscribed("ann", "tea").await;
    let theirs = desk.subscribed("bob", "tea").await;
    desk.engine.plant_billing_key(&theirs, &id).await;
    desk.run().await;
    let charged: Vec<i64> = desk.sandbox.ledger().iter().map(|entry| entry.charged).collect();
    assert_eq!(charged, [1000], "bob's own");
    assert_eq!(
        desk.engine.balance("tea").await.available,
        1,
        "what cannot be charged holds no stock"
    );
}

#[tokio::test]
async fn checkout_and_subscriptions_share_the_stock() {
    let desk = Desk::with("tea", 1).await;
    let id = desk.subscribed("ann", "tea").await;
    assert_eq!(desk.checkout(order_call("bob", "k", &[("tea", 1)])).await.status, 201);
    desk.run().await;
    let (_, invoices) = desk.statuses("ann", &id).await;
    assert_eq!(invoices, ["POSTPONED"]);
    assert_eq!(desk.sandbox.ledger(), []);
}
