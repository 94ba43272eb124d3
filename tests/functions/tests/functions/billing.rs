//! Subscriptions: created, billed on their dates, declined, postponed, changed and canceled.

use function_tests::BillingFixture;
use function_tests::billing_fixture::{monthly, schedule, subscribe_call, subscription};
use harness::Fault;
use harness::engine::{ORDERS, SUBSCRIPTIONS};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

pub fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// Returns the names of a table's events.
pub async fn event_names(shop: &BillingFixture, table: &str) -> Vec<String> {
    let mut names: Vec<String> = shop
        .engine
        .events(table)
        .await
        .into_iter()
        .map(|event| event.0)
        .collect();
    names.sort();
    names
}

/// Checks that all work is done and that tables, ledger and stock agree.
pub async fn assert_settled(shop: &BillingFixture) {
    shop.ledger_audit().await.assert_settled();
    shop.engine
        .periods(shop.sandbox.ledger())
        .await
        .check()
        .expect("periods");
    shop.engine.balance("tea").await;
}

#[tokio::test]
async fn a_period_is_billed_when_it_falls_due_and_its_order_is_paid() {
    let shop = BillingFixture::with("tea", 3).await;
    let schedule = monthly("2026-01-02");
    let body = subscription(&[("tea", 2)], &schedule, &shop.authorization("ann"));
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    assert_eq!(begun.body["status"], "ACTIVE");
    assert_eq!(begun.body["next_at"], "2026-01-02T00:00:00Z", "nine in Seoul");
    let id = begun.body["subscription_id"].as_str().unwrap();
    assert_eq!(event_names(&shop, SUBSCRIPTIONS).await, ["SubscriptionStarted"]);

    shop.advance(hours(24) - SignedDuration::from_secs(1));
    assert_eq!(shop.run().await, 0, "it is not due yet");
    assert_eq!(shop.sandbox.ledger(), []);

    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(shop.run().await, 1);
    let account = shop.account("ann", id).await;
    let invoice = &account["invoices"][0];
    assert_eq!(invoice["status"], "PAID");
    assert_eq!(
        (&invoice["period"], &invoice["date"]),
        (&json!(0), &json!("2026-01-02"))
    );
    assert_eq!(invoice["totals"]["total"]["amount"], 2000);
    assert_eq!(account["subscription"]["next_period"], 1);
    assert_eq!(account["subscription"]["next_at"], "2026-02-02T00:00:00Z");

    let entry = shop.charged();
    assert_eq!((entry.charged, entry.charges), (2000, 1));
    assert_eq!(json!(entry.order_id), invoice["order_id"]);
    let order = shop.see("ann", &entry.order_id).await.body;
    assert_eq!(
        (&order["status"], &order["totals"]["total"]["amount"]),
        (&json!("PAID"), &json!(2000))
    );
    assert_eq!(order["subscription"], json!({ "subscription_id": id, "period": 0 }));
    assert_eq!(
        (&order["lines"], &order["totals"]),
        (&invoice["lines"], &invoice["totals"])
    );
    assert!(order["number"].is_string(), "{order}");
    assert_eq!(order["payment_id"], invoice["payment_id"]);
    assert_eq!(shop.payment(&order["payment_id"]).await["status"], "PAID");
    assert_eq!(
        event_names(&shop, SUBSCRIPTIONS).await,
        ["InvoicePaid", "SubscriptionStarted"]
    );
    assert_eq!(event_names(&shop, ORDERS).await, ["OrderPaid"]);
    assert_eq!(shop.engine.balance("tea").await.available, 1);
    assert_settled(&shop).await;

    assert_eq!(shop.run().await, 0, "nothing is due");
}

#[tokio::test]
async fn a_period_due_today_is_charged_before_the_schedule_runs() {
    let shop = BillingFixture::with("tea", 1).await;
    let schedule = schedule("2026-01-01", "00:00:00", "Asia/Seoul", "MONTH", 1);
    let body = subscription(&[("tea", 1)], &schedule, &shop.authorization("ann"));
    assert_eq!(
        shop.create_subscription(subscribe_call("ann", "k", &body)).await.status,
        201
    );
    assert_eq!(shop.process_queue().await, 1);
    assert_eq!(shop.charged().charged, 1000);
}

#[tokio::test]
async fn an_order_of_a_subscription_is_cancelled_and_refunded_as_any_other() {
    let shop = BillingFixture::with("tea", 1).await;
    shop.subscribed("ann", "tea").await;
    shop.run().await;
    let order_id = shop.charged().order_id;
    let order = shop.cancel("ann", &order_id).await;
    assert_eq!(order.status, 200, "{order:?}");
    shop.refund("OrderCancelled", &order.body).await.unwrap();
    assert_eq!(shop.charged().refunded, 1000);
    assert_eq!(shop.engine.balance("tea").await.available, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_retried_subscription_returns_the_first_one_even_after_a_lost_write() {
    let shop = BillingFixture::with("tea", 1).await;
    let body = subscription(&[("tea", 1)], &monthly("2026-01-02"), &shop.authorization("ann"));
    let call = subscribe_call("ann", "k", &body);
    // The provider issues the key, but the write fails.
    shop.engine.faults.plan("TransactWriteItems", Fault::Denied);
    assert_eq!(shop.create_subscription(call.clone()).await.status, 500);
    assert_eq!(shop.engine.count(SUBSCRIPTIONS).await, 0);

    let begun = shop.create_subscription(call.clone()).await;
    assert_eq!((begun.status, begun.replayed), (201, false), "{begun:?}");
    let again = shop.create_subscription(call).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(again.body, begun.body);
    shop.billing_key("ann");

    let other = subscription(&[("tea", 2)], &monthly("2026-01-02"), &shop.authorization("ann"));
    let reused = shop.create_subscription(subscribe_call("ann", "k", &other)).await;
    assert_eq!(reused.problem(), "idempotency-key-reused");
}

#[tokio::test]
async fn another_card_after_a_refused_one_under_the_same_key_is_sent_to_the_provider() {
    let shop = BillingFixture::with("tea", 1).await;
    let refused = json!({ "provider": "TOSS", "auth_key": "no", "customer_key": "customer" });
    let body = subscription(&[("tea", 1)], &monthly("2026-01-02"), &refused);
    let answer = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(answer.problem(), "payment-refused", "{answer:?}");

    let body = subscription(&[("tea", 1)], &monthly("2026-01-02"), &shop.authorization("ann"));
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    shop.billing_key("ann");
}

#[tokio::test]
async fn a_subscription_that_cannot_be_billed_is_rejected() {
    let shop = BillingFixture::with("tea", 1).await;
    let good = subscription(&[("tea", 1)], &monthly("2026-01-02"), &shop.authorization("ann"));
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, problem) in [
        (with("items", json!([])), "invalid-lines"),
        (
            with("items", json!([{ "sku": "tea", "quantity": 0 }])),
            "invalid-quantity",
        ),
        (
            with("items", json!([{ "sku": "cup", "quantity": 1 }])),
            "product-unavailable",
        ),
        (with("schedule", monthly("2027-06-01")), "invalid-schedule"),
        (with("schedule", monthly("2020-01-01")), "invalid-schedule"),
        (
            with(
                "schedule",
                schedule("2026-01-02", "09:00:00", "Asia/Atlantis", "DAY", 1),
            ),
            "malformed-body",
        ),
        (
            with("schedule", schedule("2026-01-02", "09:00:00", "Asia/Seoul", "MONTH", 0)),
            "malformed-body",
        ),
        (
            with("authorization", json!({ "provider": "KAKAOPAY" })),
            "provider-not-configured",
        ),
        (
            with("expected_total", json!({ "amount": 900, "currency": "KRW" })),
            "total-differs",
        ),
        (
            with(
                "authorization",
                json!({ "provider": "TOSS", "auth_key": "no", "customer_key": "customer" }),
            ),
            "payment-refused",
        ),
    ] {
        let answer = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
        assert_eq!(answer.problem(), problem, "{answer:?}");
    }
    assert_eq!(shop.engine.count(SUBSCRIPTIONS).await, 0);
}

#[tokio::test]
async fn only_its_customer_can_use_a_subscription() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let get = Call::new("GET", "/subscriptions/{subscription_id}").path("subscription_id", &id);
    assert_eq!(
        shop.get_subscription(get.clone().by("bob")).await.problem(),
        "not-found"
    );
    assert_eq!(shop.get_subscription(get.by_admin()).await.status, 200);
    let pause = json!({ "change": "PAUSE" });
    assert_eq!(shop.change("bob", &id, "k", &pause).await.problem(), "not-found");
    assert_eq!(shop.end("bob", &id, "NOW").await.problem(), "not-found");

    let list = |customer: &str| Call::new("GET", "/subscriptions").by(customer);
    let mine = shop.list_subscriptions(list("ann")).await.body;
    assert_eq!(mine["items"][0]["subscription_id"], id);
    let theirs = shop.list_subscriptions(list("bob")).await.body;
    assert_eq!(theirs["items"], json!([]));
}

#[tokio::test]
async fn subscriptions_are_listed_newest_first_in_pages() {
    let shop = BillingFixture::with("tea", 1).await;
    let mut ids = vec![];
    for key in ["1", "2", "3"] {
        let body = subscription(&[("tea", 1)], &monthly("2026-02-01"), &shop.authorization("ann"));
        let begun = shop.create_subscription(subscribe_call("ann", key, &body)).await;
        ids.insert(0, begun.body["subscription_id"].clone());
        shop.advance(SignedDuration::from_secs(1));
    }
    let list = |cursor: &Value| {
        let call = Call::new("GET", "/subscriptions").by("ann").query("limit", "2");
        cursor
            .as_str()
            .map_or(call.clone(), |cursor| call.query("cursor", cursor))
    };
    let mut seen = vec![];
    let mut cursor = Value::Null;
    loop {
        let page = shop.list_subscriptions(list(&cursor)).await.body;
        let listed = page["items"].as_array().unwrap();
        seen.extend(listed.iter().map(|one| one["subscription_id"].clone()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_decline_is_retried_on_days_1_3_5_and_7_then_past_due_then_cancelled() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let key = shop.billing_key("ann");
    shop.sandbox.toss_set_billing_decline(&key, Some("REJECT_CARD_PAYMENT"));
    let mut tried = vec![];
    let mut attempts = 0;
    for hour in 0..24 * 10 {
        shop.run().await;
        let invoice = shop.account("ann", &id).await["invoices"][0].clone();
        let now = invoice["attempts"].as_i64().unwrap();
        if now > attempts {
            tried.push(hour / 24);
            attempts = now;
        }
        assert_eq!(
            shop.engine.balance("tea").await.available,
            1,
            "a declined charge holds no stock"
        );
        shop.advance(HOUR);
    }
    assert_eq!(tried, [0, 1, 3, 5, 7]);
    let expected = ("PAST_DUE".to_owned(), vec!["DECLINED".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    assert_eq!(
        event_names(&shop, SUBSCRIPTIONS).await,
        ["InvoiceFailed", "SubscriptionPastDue"]
    );

    shop.advance_with_runs(hours(24 * 12), hours(12)).await;
    let (status, invoices) = shop.statuses("ann", &id).await;
    assert_eq!((&*status, &*invoices), ("CANCELLED", &["VOID".to_owned()][..]));
    assert!(
        event_names(&shop, SUBSCRIPTIONS)
            .await
            .contains(&"SubscriptionCancelled".to_owned())
    );
    assert_eq!(
        shop.sandbox
            .toss_billing_keys(&function_tests::billing_fixture::customer_key("ann")),
        [""; 0]
    );
    assert_eq!(shop.charges(), []);
    assert_eq!(shop.run().await, 0, "nothing is due");
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_retry_pays_after_a_temporary_decline() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 2);
    shop.run().await;
    let invoice = shop.account("ann", &id).await["invoices"][0].clone();
    assert_eq!(invoice["status"], "DECLINED");
    assert_eq!(invoice["failure"]["code"], "REJECT_CARD_PAYMENT");
    assert_eq!(invoice["next_try_at"], "2026-01-02T00:00:00Z");
    shop.advance_with_runs(hours(24 * 4), hours(6)).await;
    let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    assert_eq!(shop.charged().charges, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_hard_decline_is_never_retried_and_a_new_card_is_charged_at_once() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "INVALID_STOPPED_CARD", 1);
    shop.run().await;
    shop.advance_with_runs(hours(24 * 9), hours(6)).await;
    let (status, _) = shop.statuses("ann", &id).await;
    assert_eq!(status, "PAST_DUE");
    let account = shop.account("ann", &id).await;
    assert_eq!(account["invoices"][0]["attempts"], 1);
    assert_eq!(account["subscription"]["needs_card"], true);

    let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    let changed = shop.change("ann", &id, "new-card", &card).await;
    assert_eq!(
        (changed.status, &changed.body["status"]),
        (200, &json!("ACTIVE")),
        "{changed:?}"
    );
    assert_eq!(shop.process_queue().await, 1, "before the schedule runs");
    let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    let again = shop.change("ann", &id, "new-card", &card).await;
    assert_eq!((again.status, again.replayed), (200, true));

    shop.run().await;
    shop.billing_key("ann");
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_new_card_during_retries_is_charged_at_once() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.sandbox
        .toss_set_billing_decline(&shop.billing_key("ann"), Some("REJECT_CARD_PAYMENT"));
    shop.run().await;
    let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
    assert_eq!(shop.change("ann", &id, "card", &card).await.status, 200);
    shop.process_queue().await;
    let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    assert_eq!(shop.charged().charges, 1);
}

#[tokio::test]
async fn a_delivery_that_is_out_of_stock_is_postponed_without_a_charge() {
    let shop = BillingFixture::with("tea", 0).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.run().await;
    let invoice = shop.account("ann", &id).await["invoices"][0].clone();
    assert_eq!(invoice["status"], "POSTPONED");
    assert_eq!(invoice["postponed"]["code"], "out-of-stock");
    assert_eq!(invoice["postponed"]["skus"], json!(["tea"]));
    assert_eq!(
        event_names(&shop, SUBSCRIPTIONS).await,
        ["DeliveryPostponed", "SubscriptionStarted"]
    );
    assert_eq!(shop.sandbox.ledger(), []);

    shop.advance_with_runs(hours(24 * 2), hours(6)).await;
    shop.receive("tea", 1).await;
    shop.advance_with_runs(hours(24 * 2), hours(6)).await;
    let expected = ("ACTIVE".to_owned(), vec!["PAID".to_owned()]);
    assert_eq!(shop.statuses("ann", &id).await, expected);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_charge_refused_as_malformed_each_day_sends_one_event() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let key = shop.billing_key("ann");
    shop.sandbox.toss_decline_next(&key, "INVALID_REQUEST", 3);
    for _ in 0..3 {
        shop.run().await;
        assert_eq!(shop.statuses("ann", &id).await.1, ["POSTPONED"]);
        let postponed = event_names(&shop, SUBSCRIPTIONS).await;
        assert_eq!(postponed, ["DeliveryPostponed", "SubscriptionStarted"]);
        shop.advance(DAY);
    }
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.1, ["PAID"]);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_delivery_that_stays_out_of_stock_is_voided_when_the_next_is_due() {
    let shop = BillingFixture::with("tea", 0).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.advance_with_runs(hours(24 * 31 + 12), hours(12)).await;
    let (_, invoices) = shop.statuses("ann", &id).await;
    assert_eq!(
        invoices,
        ["POSTPONED", "VOID"],
        "the next delivery is due on 1 February"
    );
    shop.receive("tea", 5).await;
    shop.advance_with_runs(hours(24 * 2), hours(12)).await;
    let (_, invoices) = shop.statuses("ann", &id).await;
    assert_eq!(invoices, ["PAID", "VOID"]);
    assert_eq!(shop.charged().charges, 1);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn an_unlisted_product_is_not_charged() {
    let shop = BillingFixture::with("tea", 1).await;
    let id = shop.subscribed("ann", "tea").await;
    let mut product = function_tests::product(1000, 1);
    product["status"] = json!("UNLISTED");
    let hidden = shop.put_product("tea", &product).await;
    assert_eq!(hidden.status, 200, "{hidden:?}");
    shop.run().await;
    let invoice = shop.account("ann", &id).await["invoices"][0].clone();
    assert_eq!(
        (&invoice["status"], &invoice["postponed"]["code"]),
        (&json!("POSTPONED"), &json!("product-unavailable"))
    );
    assert_eq!(shop.sandbox.ledger(), []);
}

#[tokio::test]
async fn a_period_has_the_catalog_price_of_its_billing_and_a_retry_charges_the_same() {
    let shop = BillingFixture::with("tea", 2).await;
    let id = shop.subscribed("ann", "tea").await;
    shop.list("tea", 1200, 1).await;
    shop.sandbox
        .toss_decline_next(&shop.billing_key("ann"), "REJECT_CARD_PAYMENT", 1);
    shop.run().await;
    shop.list("tea", 1500, 1).await;
    shop.advance_with_runs(DAY, HOUR).await;
    assert_eq!(shop.charged().charged, 1200, "the price on the day of billing");
    shop.advance_with_runs(hours(24 * 31), hours(12)).await;
    let charged: Vec<i64> = shop.sandbox.ledger().iter().map(|entry| entry.charged).collect();
    assert_eq!(charged, [1200, 1500]);
    let account = shop.account("ann", &id).await;
    assert_eq!(account["invoices"][0]["totals"]["total"]["amount"], 1500);
    assert_settled(&shop).await;
}
