//! Changes of subscriptions: pauses, skips, other items, cancellations, outages and new cards.

use super::billing::{assert_settled, event_names, hours};
use function_tests::billing_fixture::{customer_key, monthly, schedule, subscribe_call, subscription};
use function_tests::delivery::address;
use function_tests::payment_fixture::amount;
use function_tests::{BillingFixture, Shop, order_call};
use harness::engine::SUBSCRIPTIONS;
use harness::gateway::Call;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Card, Fault, Provider};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_pause_bills_nothing_until_the_next_date_after_it() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    let pause = json!({ "change": "PAUSE" });
    assert_eq!(shop.change("ann", &id, "1", &pause).await.body["status"], "PAUSED");
    shop.advance_with_runs(hours(24 * 40), hours(24)).await;
    assert_eq!(shop.charges().len(), 1);
    let resumed = shop.change("ann", &id, "2", &json!({ "change": "RESUME" })).await;
    assert_eq!(resumed.body["next_at"], "2026-03-01T00:00:00Z", "{resumed:?}");
    shop.advance_with_runs(hours(24 * 20), hours(24)).await;
    assert_eq!(shop.charges().len(), 2);
    let refused = shop.change("ann", &id, "3", &json!({ "change": "RESUME" })).await;
    assert_eq!(refused.problem(), "subscription-status");
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_pause_voids_a_declined_invoice() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    shop.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    shop.advance_with_runs(hours(24 * 8), hours(12)).await;
    let expected = ("PAUSED".to_owned(), vec!["VOID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn repeated_skip_requests_skip_one_delivery() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    let skip = json!({ "change": "SKIP", "period": 1 });
    let skipped = shop.change("ann", &id, "1", &skip).await;
    assert_eq!(skipped.body["next_at"], "2026-03-01T00:00:00Z", "{skipped:?}");
    assert!(shop.change("ann", &id, "1", &skip).await.replayed);
    assert_eq!(shop.change("ann", &id, "2", &skip).await.problem(), "not-next-period");
    let reused = shop.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    assert_eq!(reused.problem(), "idempotency-key-reused");
    shop.advance_with_runs(hours(24 * 60), hours(24)).await;
    let dates: Vec<String> = shop
        .charges()
        .iter()
        .map(|at| at.strftime("%m-%d").to_string())
        .collect();
    assert_eq!(dates, ["01-01", "03-01"]);
}

#[tokio::test]
async fn changed_items_apply_from_the_next_period_on() {
    let shop = BillingFixture::with("tea", 5).await;
    shop.list("cup", 500, 1).await;
    shop.receive("cup", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    let items =
        json!({ "change": "ITEMS", "items": [{ "sku": "cup", "quantity": 1 }, { "sku": "cup", "quantity": 2 }] });
    let changed = shop.change("ann", &id, "1", &items).await;
    assert_eq!(
        changed.body["items"],
        json!([{ "sku": "cup", "quantity": 3 }]),
        "{changed:?}"
    );
    shop.advance_with_runs(hours(24 * 31), hours(24)).await;
    let charged: Vec<i64> = shop.sandbox.ledger().iter().map(|entry| entry.charged).collect();
    assert_eq!(charged, [1000, 1500]);
}

#[tokio::test]
async fn a_subscription_ends_with_its_period_unless_its_customer_resumes_it() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    let ending = shop.end("ann", &id, "PERIOD_END").await;
    assert_eq!(
        (&ending.body["status"], &ending.body["ends_with_period"]),
        (&json!("ACTIVE"), &json!(true))
    );
    assert!(shop.end("ann", &id, "PERIOD_END").await.replayed);
    let going_on = shop.change("ann", &id, "1", &json!({ "change": "CONTINUE" })).await;
    assert_eq!(going_on.body["ends_with_period"], false);
    shop.advance_with_runs(hours(24 * 31), hours(24)).await;
    assert_eq!(shop.charges().len(), 2);

    shop.end("ann", &id, "PERIOD_END").await;
    shop.advance_with_runs(hours(24 * 40), hours(24)).await;
    assert_eq!(shop.charges().len(), 2);
    let (status, _) = shop.statuses("ann", &id).await;
    assert_eq!(status, "CANCELLED");
    assert_eq!(
        shop.sandbox
            .toss_billing_keys(&function_tests::billing_fixture::customer_key("ann")),
        [""; 0]
    );
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_late_retry_of_a_cancellation_changes_nothing() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    assert_eq!(shop.end_by("ann", &id, "k", "PERIOD_END").await.status, 200);
    shop.change("ann", &id, "1", &json!({ "change": "CONTINUE" })).await;

    let late = shop.end_by("ann", &id, "k", "PERIOD_END").await;
    assert_eq!((late.status, late.replayed), (200, true), "{late:?}");
    assert_eq!(late.body["ends_with_period"], false);
    let other = shop.end_by("ann", &id, "k", "NOW").await;
    assert_eq!(other.problem(), "idempotency-key-reused", "{other:?}");
}

#[tokio::test]
async fn a_card_whose_provider_does_not_support_the_currency_is_refused() {
    let shop = BillingFixture::with("tea", 5).await;
    let abroad = json!({ "name": "Tea", "price": { "amount": 900, "currency": "USD" }, "status": "LISTED" });
    assert!(shop.put_product("export-tea", &abroad).await.status < 300);
    let card = json!({ "provider": "STRIPE", "payment_method": shop.sandbox.stripe_payment_method(&Card::Good) });
    let body = subscription(&[("export-tea", 1)], &monthly("2026-01-02"), &card);
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");

    let id = begun.body["subscription_id"].as_str().unwrap();
    let change = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    let answer = shop.change("ann", id, "1", &change).await;
    assert_eq!(answer.problem(), "amount-not-taken", "{answer:?}");
}

#[tokio::test]
async fn a_subscription_that_is_cancelled_at_once_is_never_billed_again_and_its_key_is_deleted() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    let over = shop.end("ann", &id, "NOW").await;
    assert_eq!(
        (over.status, &over.body["status"]),
        (200, &json!("CANCELLED")),
        "{over:?}"
    );
    assert!(shop.end("ann", &id, "NOW").await.replayed);
    let closed = shop.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    assert_eq!(closed.problem(), "subscription-closed");
    shop.advance_with_runs(hours(24 * 70), hours(24)).await;
    assert_eq!(shop.charges().len(), 1);
    assert_eq!(
        shop.sandbox
            .toss_billing_keys(&function_tests::billing_fixture::customer_key("ann")),
        [""; 0]
    );
    assert_eq!(shop.sandbox.ledger().len(), 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_date_with_a_clock_change_is_billed_once_at_its_time() {
    let shop = BillingFixture::with("tea", 9).await;
    shop.advance(hours(24 * 86));
    let berlin = schedule("2026-03-28", "02:30:00", "Europe/Berlin", "DAY", 1);
    let body = subscription(&[("tea", 1)], &berlin, &shop.authorization("ann"));
    assert_eq!(
        shop.create_subscription(subscribe_call("ann", "k", &body)).await.status,
        201
    );
    shop.advance_with_runs(hours(24 * 4), SignedDuration::from_mins(30))
        .await;
    let due: Vec<Timestamp> = [
        "2026-03-28T01:30:00Z",
        "2026-03-29T01:30:00Z",
        "2026-03-30T00:30:00Z",
        "2026-03-31T00:30:00Z",
    ]
    .map(|at| at.parse().unwrap())
    .to_vec();
    assert_eq!(shop.charges()[..4], due);
}

#[tokio::test]
async fn a_deleted_billing_key_asks_for_a_new_card_and_ends_in_a_hard_decline() {
    let shop = BillingFixture::with("tea", 2).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    shop.sandbox.webhooks();
    shop.sandbox
        .toss_delete_billing(&shop.billing_key("ann"), "CARD_EXPIRED");
    assert_eq!(shop.deliver_all().await, [200]);
    shop.request_new_cards().await;
    let account = shop.account("ann", &id).await;
    assert_eq!(account["subscription"]["needs_card"], true);
    assert!(
        event_names(&shop, SUBSCRIPTIONS)
            .await
            .contains(&"SubscriptionChanged".to_owned())
    );
    shop.advance_with_runs(hours(24 * 31), hours(24)).await;
    let (status, _) = shop.statuses("ann", &id).await;
    assert_eq!(status, "PAST_DUE");
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_webhook_about_an_unknown_billing_key_changes_no_subscription() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let answer = shop.webhook(deleted_key("guess")).await;
    assert_eq!((answer.status, &answer.body["outcome"]), (200, &json!("FORWARDED")));
    shop.request_new_cards().await;
    assert_eq!(shop.account("ann", &id).await["subscription"]["needs_card"], false);
}

#[tokio::test]
async fn a_webhook_about_a_deleted_key_fails_while_the_bus_is_down_and_is_sent_again() {
    let shop = BillingFixture::in_shop(Shop::with("tea", 1, 1).await.with_time(Duration::from_secs(4))).await;
    let id = shop.subscribed("ann", "tea").await;
    let report = deleted_key(&shop.billing_key("ann"));
    shop.bus.fail(100_000);
    assert_eq!(shop.webhook(report.clone()).await.status, 503);
    shop.bus.fail(0);
    assert_eq!(shop.webhook(report).await.status, 200);
    shop.request_new_cards().await;
    assert_eq!(shop.account("ann", &id).await["subscription"]["needs_card"], true);
}

#[tokio::test]
async fn a_deleted_key_that_is_reported_twice_changes_the_subscription_once() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let report = deleted_key(&shop.billing_key("ann"));
    for _ in 0..2 {
        assert_eq!(shop.webhook(report.clone()).await.status, 200);
    }
    shop.request_new_cards().await;
    assert_eq!(shop.account("ann", &id).await["subscription"]["needs_card"], true);
    let changes = event_names(&shop, SUBSCRIPTIONS).await;
    let changes = changes.iter().filter(|name| *name == "SubscriptionChanged");
    assert_eq!(changes.count(), 1);
}

#[tokio::test]
async fn a_deleted_key_that_a_new_card_has_replaced_changes_nothing() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let report = deleted_key(&shop.billing_key("ann"));
    let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    assert_eq!(shop.change("ann", &id, "card", &card).await.status, 200);
    assert_eq!(shop.webhook(report).await.status, 200);
    shop.request_new_cards().await;
    assert_eq!(shop.account("ann", &id).await["subscription"]["needs_card"], false);
}

#[tokio::test]
async fn a_cancelled_subscription_asks_for_no_new_card() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let report = deleted_key(&shop.billing_key("ann"));
    assert_eq!(shop.end("ann", &id, "NOW").await.status, 200);
    assert_eq!(shop.webhook(report).await.status, 200);
    shop.request_new_cards().await;
    let account = shop.account("ann", &id).await;
    assert_eq!(account["subscription"]["status"], "CANCELLED");
    assert_eq!(account["subscription"]["needs_card"], false);
}

#[tokio::test]
async fn a_stripe_card_can_be_charged_declined_and_replaced() {
    let shop = BillingFixture::with("tea", 3).await;
    let saved =
        |card: &Card| json!({ "provider": "STRIPE", "payment_method": shop.sandbox.stripe_payment_method(card) });
    let authorization = saved(&Card::Good);
    let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let id = begun.body["subscription_id"].as_str().unwrap();
    shop.run().await;
    let entry = shop.charged();
    assert_eq!((entry.provider, entry.charged), (Provider::Stripe, 1000));
    assert!(shop.deliver_all().await.iter().all(|status| *status == 200));

    let method = authorization["payment_method"].as_str().unwrap();
    shop.sandbox
        .stripe_set_card(method, &Card::declined("card_declined", "stolen_card"));
    shop.advance_with_runs(hours(24 * 31), hours(24)).await;
    let (status, invoices) = shop.statuses("ann", id).await;
    assert_eq!((&*status, &*invoices[0]), ("PAST_DUE", "DECLINED"));
    assert!(
        shop.deliver_all().await.iter().all(|status| *status == 200),
        "no message is delivered forever"
    );
    let card = json!({ "change": "CARD", "authorization": saved(&Card::Good) });
    assert_eq!(shop.change("ann", id, "card", &card).await.status, 200);
    shop.process_queue().await;
    let (status, invoices) = shop.statuses("ann", id).await;
    assert_eq!((&*status, &*invoices[0]), ("ACTIVE", "PAID"));
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_key_encrypted_for_another_subscription_cannot_be_decrypted() {
    let shop = BillingFixture::with("tea", 2).await;
    let id = shop.subscribed("ann", "tea").await;
    let theirs = shop.subscribed("bob", "tea").await;
    shop.engine.copy_billing_key(&theirs, &id).await;
    shop.run().await;
    let charged: Vec<i64> = shop.sandbox.ledger().iter().map(|entry| entry.charged).collect();
    assert_eq!(charged, [1000], "bob's own");
    assert_eq!(
        shop.engine.balance("tea").await.available,
        1,
        "a failed charge holds no stock"
    );
}

#[tokio::test]
async fn checkout_and_subscriptions_share_the_stock() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    assert_eq!(shop.checkout(order_call("bob", "k", &[("tea", 1)])).await.status, 201);
    shop.run().await;
    let (_, invoices) = shop.statuses("ann", &id).await;
    assert_eq!(invoices, ["POSTPONED"]);
    assert_eq!(shop.sandbox.ledger(), []);
}

/// Toss's report of a deleted billing key.
fn deleted_key(key: &str) -> Call {
    let hint = json!({ "eventType": "BILLING_DELETED", "data": { "billingKey": key } });
    Call::new("POST", "/webhooks/{provider}")
        .path("provider", "toss")
        .json(&hint)
}

#[tokio::test]
async fn items_and_card_change_together_or_not_at_all() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let before = shop.account("ann", &id).await["subscription"].clone();
    let items = |sku: &str| json!([{ "sku": sku, "quantity": 3 }]);
    let card = shop.authorization("ann");
    let keys = || shop.sandbox.toss_billing_keys(&customer_key("ann")).len();
    let refused = json!({ "items": items("nothing"), "authorization": card });
    let answer = shop.change("ann", &id, "1", &refused).await;
    assert_eq!((answer.status, answer.problem()), (422, "product-unavailable"));
    assert_eq!(shop.account("ann", &id).await["subscription"], before);
    assert_eq!(keys(), 1, "the provider was not asked");

    let both = json!({ "items": items("tea"), "authorization": card });
    let answer = shop.change("ann", &id, "2", &both).await;
    assert_eq!((answer.status, &answer.body["items"]), (200, &items("tea")));
    assert_eq!(keys(), 2, "the old one is deleted later");
    assert!(shop.change("ann", &id, "2", &both).await.replayed);
}

#[tokio::test]
async fn an_empty_patch_changes_nothing_and_null_is_refused() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let before = shop.account("ann", &id).await["subscription"].clone();
    let patch = |key: &str, body: Value| {
        let call = Call::new("PATCH", "/subscriptions/{subscription_id}").path("subscription_id", &id);
        shop.update_subscription(call.by("ann").key(key).json(&body))
    };
    assert_eq!(patch("1", json!({})).await.body, before);
    for (key, body) in [("2", json!({ "items": null })), ("3", json!({ "authorization": null }))] {
        let answer = patch(key, body).await;
        assert_eq!((answer.status, answer.problem()), (400, "malformed-body"));
    }
    assert_eq!(shop.account("ann", &id).await["subscription"], before);
}

#[tokio::test]
async fn a_key_of_one_operation_is_refused_by_another() {
    let shop = BillingFixture::with("tea", 5).await;
    let id = shop.subscribed("ann", "tea").await;
    let change = async |change: Value| shop.change("ann", &id, "k", &change).await;
    assert_eq!(change(json!({ "change": "PAUSE" })).await.status, 200);
    for other in [
        json!({ "change": "RESUME" }),
        json!({ "change": "CONTINUE" }),
        json!({ "change": "SKIP", "period": 1 }),
        json!({ "items": [{ "sku": "tea", "quantity": 2 }] }),
    ] {
        assert_eq!(change(other).await.problem(), "idempotency-key-reused");
    }
}

#[tokio::test]
async fn a_declined_charge_is_tried_again_at_its_price_and_priced_anew_for_another_address() {
    for (moves, included_tax) in [(false, 91), (true, 0)] {
        let shop = BillingFixture::with("tea", 5).await;
        let mut body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
        body["shipping_address"] = address();
        let started = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
        let id = started.body["subscription_id"].as_str().unwrap().to_owned();
        shop.sandbox
            .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
        shop.run().await;
        let declined = shop.account("ann", &id).await["invoices"][0].clone();
        assert_eq!(
            (&declined["status"], &declined["totals"]["included_tax"]),
            (&json!("DECLINED"), &amount(91))
        );
        if moves {
            let mut abroad = address();
            for (member, value) in [("region", "CA"), ("postal_code", "94105"), ("country", "US")] {
                abroad[member] = json!(value);
            }
            let moved = shop
                .change("ann", &id, "move", &json!({ "shipping_address": abroad }))
                .await;
            assert_eq!(moved.status, 200, "{moved:?}");
        }
        shop.advance_with_runs(hours(48), hours(24)).await;
        let paid = shop.account("ann", &id).await["invoices"][0].clone();
        assert_eq!(
            (&paid["status"], &paid["totals"]["included_tax"]),
            (&json!("PAID"), &amount(included_tax)),
            "an export is not taxed"
        );
    }
}

#[tokio::test]
async fn an_order_goes_to_the_address_for_which_it_was_charged_although_the_customer_moves_meanwhile() {
    let shop = BillingFixture::with("tea", 1).await;
    let mut body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &shop.authorization("ann"));
    body["shipping_address"] = address();
    let started = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    let id = started.body["subscription_id"].as_str().unwrap().to_owned();
    // The charge is made, and its answer is lost.
    shop.sandbox.plan(Provider::Toss, "billing", Fault::DropAfter);
    shop.sandbox.plan(Provider::Toss, "order", Fault::ErrorBefore(500));
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["CHARGING"]);
    let mut abroad = address();
    for (member, value) in [("region", "CA"), ("postal_code", "94105"), ("country", "US")] {
        abroad[member] = json!(value);
    }
    let move_away = json!({ "shipping_address": abroad });
    let moved = shop.change("ann", &id, "move", &move_away).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    shop.advance_with_runs(hours(2), hours(1)).await;
    let paid = shop.account("ann", &id).await["invoices"][0].clone();
    assert_eq!(
        (&paid["status"], &paid["totals"]["included_tax"]),
        (&json!("PAID"), &amount(91))
    );
    let order = paid["order_id"].as_str().unwrap();
    let details = Call::new("GET", "/orders/{order_id}/delivery-details").path("order_id", order);
    let details = shop.get_delivery_details(details.by("ann")).await;
    assert_eq!(details.body["shipping_address"], address(), "{details:?}");
}
