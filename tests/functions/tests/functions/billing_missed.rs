//! Missed periods, promised ends, and what an issuer's advice means for further attempts.

use super::billing::{DAY, HOUR, assert_settled, hours};
use function_tests::BillingFixture;
use function_tests::billing_fixture::{monthly, schedule, subscribe_call, subscription};
use harness::engine::SUBSCRIPTIONS;
use jiff::SignedDuration;
use sandbox::Card;
use serde_json::{Value, json};

/// Starts a subscription of `tea` for `ann` at 09:00 in Seoul, which is the present time.
async fn subscribed(shop: &BillingFixture, unit: &str, count: u16) -> String {
    let schedule = schedule("2026-01-01", "09:00:00", "Asia/Seoul", unit, count);
    let body = subscription(&[("tea", 1)], &schedule, &shop.authorization("ann"));
    let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    begun.body["subscription_id"].as_str().unwrap().to_owned()
}

/// Returns the dates of the paid invoices, oldest first.
async fn paid_dates(shop: &BillingFixture, id: &str) -> Vec<String> {
    let account = shop.account("ann", id).await;
    let invoices = account["invoices"].as_array().unwrap().iter().rev();
    let paid = invoices.filter(|invoice| invoice["status"] == "PAID");
    paid.map(|invoice| invoice["date"].as_str().unwrap()[5..].to_owned())
        .collect()
}

async fn skipped(shop: &BillingFixture, id: &str) -> Value {
    shop.account("ann", id).await["subscription"]["skipped"].clone()
}

#[tokio::test]
async fn a_daily_subscription_whose_card_recovers_after_seven_days_is_charged_once() {
    let shop = BillingFixture::with("tea", 50).await;
    let id = subscribed(&shop, "DAY", 1).await;
    let key = shop.billing_key("ann");
    shop.sandbox.toss_set_billing_decline(&key, Some("REJECT_CARD_PAYMENT"));
    shop.run().await;
    shop.advance_with_runs(DAY * 7 - HOUR, HOUR * 6).await;
    shop.sandbox.toss_set_billing_decline(&key, None);
    shop.advance_with_runs(hours(20), HOUR * 2).await;
    assert_eq!(shop.charges().len(), 1);
    assert_eq!(paid_dates(&shop, &id).await, ["01-08"], "of today, not of a week ago");
    let account = shop.account("ann", &id).await;
    assert_eq!(account["subscription"]["status"], "ACTIVE");
    assert_eq!(
        account["subscription"]["next_at"], "2026-01-09T00:00:00Z",
        "its time of day stays"
    );
    let skipped = skipped(&shop, &id).await;
    assert_eq!(
        (&skipped["through"], &skipped["reason"]),
        (&json!(6), &json!("MISSED")),
        "{skipped}"
    );
    shop.advance_with_runs(DAY, HOUR).await;
    assert_eq!(paid_dates(&shop, &id).await, ["01-08", "01-09"]);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn all_missed_periods_are_charged_after_a_recovery_if_the_shop_says_so() {
    let shop = BillingFixture::with("tea", 50)
        .await
        .with_variable("MISSED_PERIODS", "ALL");
    let id = subscribed(&shop, "DAY", 1).await;
    let key = shop.billing_key("ann");
    shop.sandbox.toss_set_billing_decline(&key, Some("REJECT_CARD_PAYMENT"));
    shop.run().await;
    shop.advance_with_runs(DAY * 7 - HOUR, HOUR * 6).await;
    shop.sandbox.toss_set_billing_decline(&key, None);
    shop.advance_with_runs(hours(20), HOUR * 2).await;
    assert_eq!(shop.charges().len(), 8);
    assert_eq!(skipped(&shop, &id).await, Value::Null);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn a_card_that_fails_over_several_periods_is_past_due_after_the_last_retry_day() {
    for (unit, count) in [("DAY", 1), ("DAY", 3), ("WEEK", 1), ("MONTH", 1)] {
        let shop = BillingFixture::with("tea", 50).await;
        let id = subscribed(&shop, unit, count).await;
        shop.sandbox
            .toss_set_billing_decline(&shop.billing_key("ann"), Some("REJECT_CARD_PAYMENT"));
        shop.run().await;
        shop.advance_with_runs(DAY * 7 - HOUR, HOUR * 6).await;
        assert_eq!(shop.statuses("ann", &id).await.0, "ACTIVE", "{unit}");
        shop.advance_with_runs(HOUR * 6, HOUR).await;
        assert_eq!(shop.statuses("ann", &id).await.0, "PAST_DUE", "{count} {unit}");
        assert_eq!(shop.charges(), []);
        assert_eq!(shop.engine.balance("tea").await.available, 50);
        assert_settled(&shop).await;

        let card = json!({ "change": "CARD", "authorization": shop.authorization("ann") });
        shop.advance_with_runs(DAY * 3, HOUR * 6).await;
        assert_eq!(shop.change("ann", &id, "card", &card).await.status, 200);
        shop.process_queue().await;
        shop.advance_with_runs(HOUR * 3, HOUR).await;
        assert_eq!(shop.charges().len(), 1, "{count} {unit}");
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn after_an_outage_the_latest_period_is_charged_and_the_missed_ones_are_skipped() {
    for (unit, count, outage, paid, through) in [
        ("DAY", 1, 10, vec!["01-01", "01-11"], json!(9)),
        ("DAY", 2, 9, vec!["01-01", "01-09"], json!(3)),
        ("WEEK", 1, 15, vec!["01-01", "01-15"], json!(1)),
        ("MONTH", 1, 60, vec!["01-01", "03-01"], json!(1)),
        // The latest period is older than CatchUpDays.
        ("MONTH", 1, 40, vec!["01-01"], json!(1)),
    ] {
        let shop = BillingFixture::with("tea", 50).await;
        let id = subscribed(&shop, unit, count).await;
        shop.run().await;
        shop.advance(DAY * outage + HOUR);
        for _ in 0..6 {
            shop.run().await;
            shop.advance(SignedDuration::from_mins(10));
        }
        assert_eq!(paid_dates(&shop, &id).await, paid, "{count} {unit}");
        let skipped = skipped(&shop, &id).await;
        assert_eq!(
            (&skipped["from"], &skipped["through"], &skipped["reason"]),
            (&json!(1), &through, &json!("MISSED"))
        );
        let events = shop.engine.events(SUBSCRIPTIONS).await;
        assert!(events.iter().any(|event| event.0 == "PeriodsSkipped"));
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn after_an_outage_missed_periods_are_billed_oldest_first_one_per_run_and_old_ones_are_skipped() {
    let shop = BillingFixture::with("tea", 50)
        .await
        .with_variable("MISSED_PERIODS", "ALL");
    let id = subscribed(&shop, "DAY", 1).await;
    shop.run().await;
    // No runs for ten days: days 1 to 3 are too old, 4 to 10 are billed.
    shop.advance(DAY * 10 + HOUR);
    let mut billed = vec![];
    for _ in 0..12 {
        shop.run().await;
        let account = shop.account("ann", &id).await;
        let period = account["invoices"][0]["period"].as_i64().unwrap();
        if billed.last() != Some(&period) {
            billed.push(period);
        }
    }
    assert_eq!(billed, [0, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(shop.charges().len(), 8);
    assert_settled(&shop).await;
}

#[tokio::test]
async fn after_an_outage_a_declined_period_is_not_given_up_for_one_that_is_too_old_to_charge() {
    // The period of 1 February is due 8 or 7 days before the first run after the outage.
    for (outage, paid) in [(39, vec!["03-01"]), (38, vec!["02-01", "03-01"])] {
        let shop = BillingFixture::with("tea", 50).await;
        let id = subscribed(&shop, "MONTH", 1).await;
        let key = shop.billing_key("ann");
        shop.sandbox.toss_set_billing_decline(&key, Some("REJECT_CARD_PAYMENT"));
        shop.run().await;
        assert_eq!(shop.charges(), []);
        shop.sandbox.toss_set_billing_decline(&key, None);
        shop.advance(DAY * outage);
        for _ in 0..6 {
            shop.run().await;
        }
        shop.advance_with_runs(DAY * 25, DAY).await;
        assert_eq!(paid_dates(&shop, &id).await, paid);
        let account = shop.account("ann", &id).await;
        let invoices = account["invoices"].as_array().unwrap();
        let declined = invoices.iter().find(|invoice| invoice["period"] == 0).unwrap();
        assert_eq!(declined["status"], "VOID", "{declined}");
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn a_pause_over_several_periods_skips_them_visibly() {
    for (unit, count) in [("DAY", 1), ("WEEK", 1), ("MONTH", 1)] {
        let shop = BillingFixture::with("tea", 50).await;
        let id = subscribed(&shop, unit, count).await;
        shop.run().await;
        shop.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
        shop.advance_with_runs(DAY * 70 + HOUR, DAY * 5).await;
        let resumed = shop.change("ann", &id, "2", &json!({ "change": "RESUME" })).await;
        assert_eq!(resumed.body["skipped"]["from"], 1, "{resumed:?}");
        assert_eq!(resumed.body["skipped"]["reason"], "PAUSED");
        shop.advance_with_runs(HOUR * 12, HOUR * 4).await;
        assert_eq!(shop.charges().len(), 1, "{unit}");
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn an_unbilled_invoice_that_is_given_up_has_an_event() {
    let shop = BillingFixture::with("tea", 0).await;
    let id = subscribed(&shop, "DAY", 1).await;
    shop.run().await;
    shop.advance_with_runs(DAY + HOUR, HOUR).await;
    let events = shop.engine.events(SUBSCRIPTIONS).await;
    let void = events.iter().find(|event| event.0 == "InvoiceVoided").unwrap();
    assert_eq!(
        (&void.1["data"]["period"], &void.1["data"]["status"]),
        (&json!(0), &json!("VOID"))
    );
    shop.end("ann", &id, "NOW").await;
    let events = shop.engine.events(SUBSCRIPTIONS).await;
    assert_eq!(events.iter().filter(|event| event.0 == "InvoiceVoided").count(), 2);
}

/// Returns whether a subscription that ends on 1 February has ended then.
async fn ends_on_time(shop: &BillingFixture, id: &str) -> bool {
    let end: jiff::Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    shop.advance_with_runs(end.duration_since(shop.now()) - HOUR, DAY * 3)
        .await;
    assert_ne!(shop.statuses("ann", id).await.0, "CANCELLED", "too early");
    shop.advance_with_runs(HOUR * 2, HOUR).await;
    shop.statuses("ann", id).await.0 == "CANCELLED"
}

#[tokio::test]
async fn no_change_puts_off_a_promised_end() {
    let change = |change: &str| json!({ "change": change });
    let skip = |period: u32| json!({ "change": "SKIP", "period": period });
    let items = json!({ "change": "ITEMS", "items": [{ "sku": "tea", "quantity": 2 }] });
    for (nth, changes) in [
        vec![],
        vec![skip(1)],
        vec![skip(1), skip(2), skip(3)],
        vec![change("PAUSE")],
        vec![change("PAUSE"), change("RESUME")],
        vec![skip(1), change("PAUSE"), change("RESUME"), items.clone()],
        vec![items],
    ]
    .into_iter()
    .enumerate()
    {
        let shop = BillingFixture::with("tea", 9).await;
        let id = subscribed(&shop, "MONTH", 1).await;
        shop.run().await;
        shop.advance(DAY * 10);
        let ending = shop.end("ann", &id, "PERIOD_END").await;
        assert_eq!(ending.body["ends_at"], "2026-02-01T00:00:00Z");
        for (key, change) in changes.iter().enumerate() {
            let changed = shop.change("ann", &id, &key.to_string(), change).await;
            assert_eq!(changed.status, 200, "{changed:?}");
            assert_eq!(changed.body["ends_at"], "2026-02-01T00:00:00Z");
        }
        assert!(ends_on_time(&shop, &id).await, "case {nth}");
        assert_eq!(shop.charges().len(), 1);
        assert_settled(&shop).await;
    }
}

#[tokio::test]
async fn a_skipped_period_before_a_cancellation_moves_the_end_that_is_promised_then() {
    let shop = BillingFixture::with("tea", 9).await;
    let id = subscribed(&shop, "MONTH", 1).await;
    shop.run().await;
    shop.change("ann", &id, "1", &json!({ "change": "SKIP", "period": 1 }))
        .await;
    let ending = shop.end("ann", &id, "PERIOD_END").await;
    assert_eq!(ending.body["ends_at"], "2026-03-01T00:00:00Z");
    let going_on = shop.change("ann", &id, "2", &json!({ "change": "CONTINUE" })).await;
    assert_eq!(
        (&going_on.body["ends_with_period"], going_on.body.get("ends_at")),
        (&json!(false), None)
    );
}

#[tokio::test]
async fn a_subscription_that_is_past_due_or_resumed_late_ends_when_it_was_promised() {
    let shop = BillingFixture::with("tea", 9).await;
    let id = subscribed(&shop, "MONTH", 1).await;
    shop.sandbox
        .toss_set_billing_decline(&shop.billing_key("ann"), Some("INVALID_STOPPED_CARD"));
    shop.advance(DAY * 25);
    shop.run().await;
    // Billed late, and not retried: past due until 9 February.
    shop.change(
        "ann",
        &id,
        "1",
        &json!({ "change": "ITEMS", "items": [{ "sku": "tea", "quantity": 1 }] }),
    )
    .await;
    shop.end("ann", &id, "PERIOD_END").await;
    assert!(ends_on_time(&shop, &id).await, "past due");

    let shop = BillingFixture::with("tea", 9).await;
    let id = subscribed(&shop, "MONTH", 1).await;
    shop.run().await;
    shop.change("ann", &id, "1", &json!({ "change": "PAUSE" })).await;
    shop.end("ann", &id, "PERIOD_END").await;
    // Resumed after its end, before the schedule has ended it.
    shop.advance(DAY * 32);
    shop.change("ann", &id, "2", &json!({ "change": "RESUME" })).await;
    shop.run().await;
    assert_eq!(shop.statuses("ann", &id).await.0, "CANCELLED");
    assert_eq!(shop.charges().len(), 1);
}

#[tokio::test]
async fn an_issuers_advice_and_an_expired_card_decide_about_retries() {
    for (card, status) in [
        (Card::declined("card_declined", "insufficient_funds"), "ACTIVE"),
        (Card::declined("expired_card", "expired_card"), "PAST_DUE"),
        (Card::declined("card_declined", "a_code_to_come"), "ACTIVE"),
        (
            Card::advised("card_declined", "insufficient_funds", "do_not_try_again"),
            "PAST_DUE",
        ),
        (
            Card::advised("card_declined", "do_not_honor", "confirm_card_data"),
            "PAST_DUE",
        ),
        (
            Card::advised("card_declined", "do_not_honor", "try_again_later"),
            "ACTIVE",
        ),
        (
            Card::advised("card_declined", "do_not_honor", "advice_to_come"),
            "ACTIVE",
        ),
    ] {
        let shop = BillingFixture::with("tea", 9).await;
        let method = shop.sandbox.stripe_payment_method(&Card::Good);
        let authorization = json!({ "provider": "STRIPE", "payment_method": method });
        let body = subscription(&[("tea", 1)], &monthly("2026-01-01"), &authorization);
        let begun = shop.create_subscription(subscribe_call("ann", "k", &body)).await;
        let id = begun.body["subscription_id"].as_str().unwrap();
        shop.sandbox.stripe_set_card(&method, &card);
        shop.run().await;
        assert_eq!(
            shop.statuses("ann", id).await,
            (status.to_owned(), vec!["DECLINED".to_owned()]),
            "{card:?}"
        );
    }
}
