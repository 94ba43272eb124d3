//! Subscriptions: billed by the schedule, declined, postponed, changed and canceled.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, delivery_details, text};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use local_cloud::{Answer, Moved};
use serde_json::{Value, json};

use crate::{Test, coupons};

pub const TESTS: &[Test] = &[
    (
        "a_subscription_is_billed_by_the_schedule_and_ends_with_its_key_deleted",
        a_subscription_is_billed_by_the_schedule_and_ends_with_its_key_deleted,
    ),
    (
        "a_declined_card_is_retried_later_and_a_new_one_at_once",
        a_declined_card_is_retried_later_and_a_new_one_at_once,
    ),
    (
        "a_delivery_without_stock_is_postponed",
        a_delivery_without_stock_is_postponed,
    ),
    (
        "a_subscription_that_ends_unpaid_gives_its_coupon_back_and_another_is_charged_with_it",
        a_subscription_that_ends_unpaid_gives_its_coupon_back_and_another_is_charged_with_it,
    ),
];

/// The time limit for a run of the schedule, which runs every minute here.
const TIME_LIMIT: Duration = Duration::from_secs(240);

fn a_subscription_is_billed_by_the_schedule_and_ends_with_its_key_deleted(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let holder = shop.unique("holder");
    let key = shop.unique("key");
    let body = subscription_body(shop, &sku, &holder, SignedDuration::from_secs(15))?;
    let subscribe = || subscribe(shop, &key, &body);
    let begun = subscribe()?.expect(201)?;
    let again = subscribe()?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(again.expect(201)? == begun);
    let listed = shop.get(&shop.ann, "/subscriptions?limit=100")?;
    let listed = listed["items"].as_array().context("a list")?;
    ensure!(listed.contains(&begun), "{listed:?}");

    let paid = event(shop, "InvoicePaid", &begun, TIME_LIMIT)?;
    let account = account(shop, &begun)?;
    ensure!(account["invoices"] == json!([paid["data"]]), "{account}");
    ensure!(account["subscription"]["next_period"] == 1, "{account}");
    let order = shop.current_order(&shop.ann, &paid["data"])?;
    ensure!(
        order["status"] == "PAID" && order["totals"]["total"]["amount"] == 1000,
        "{order}"
    );
    ensure!(
        order["subscription"]["subscription_id"] == begun["subscription_id"],
        "{order}"
    );
    ensure!(shop.moved(&order)? == charged(1000), "{:?}", shop.moved(&order)?);
    ensure!(shop.available(&sku)? == 4);
    shop.event("OrderPaid", &order, EVENT_DEADLINE)?;

    let path = format!(
        "/admin/subscriptions/{}/invoices/0/review",
        text(&begun, "subscription_id")?
    );
    let decide = |token| {
        let call = shop.api.call("POST", &path).token(token).key(&shop.unique("review"));
        call.json(&json!({ "decision": "ASK_AGAIN" })).send()
    };
    decide(&shop.ann)?.expect(403)?;
    let decided = decide(&shop.admin)?.expect(409)?;
    ensure!(decided["type"] == "urn:madang:problem:not-in-review", "{decided}");

    for (change, expected) in [
        (
            json!({ "change": "skip", "body": { "period": 1 } }),
            ("next_period", json!(2)),
        ),
        (json!({ "change": "pause" }), ("status", json!("PAUSED"))),
        (json!({ "change": "resume" }), ("status", json!("ACTIVE"))),
        (
            json!({ "body": { "items": [{ "sku": sku, "quantity": 2 }] } }),
            ("items", json!([{ "sku": sku, "quantity": 2 }])),
        ),
        (
            json!({ "body": { "authorization": authorization(shop, &holder)? } }),
            ("needs_card", json!(false)),
        ),
    ] {
        let changed = self::change(shop, &begun, &change)?.expect(200)?;
        ensure!(changed[expected.0] == expected.1, "{change} {changed}");
    }
    let keys = || Ok(json!(shop.sandbox()?.toss_billing_keys(&holder)?.len()));
    shop.until(TIME_LIMIT, keys, |left| *left == 1)?;

    let over = cancel(shop, &begun)?;
    ensure!(over["status"] == "CANCELLED", "{over}");
    event(shop, "SubscriptionCancelled", &begun, EVENT_DEADLINE)?;
    shop.until(TIME_LIMIT, keys, |left| *left == 0)?;
    Ok(())
}

fn a_declined_card_is_retried_later_and_a_new_one_at_once(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let holder = shop.unique("holder");
    let body = subscription_body(shop, &sku, &holder, SignedDuration::from_secs(15))?;
    let begun = subscribe(shop, &shop.unique("key"), &body)?.expect(201)?;
    let sandbox = shop.sandbox()?;
    let card = sandbox.toss_billing_key(&holder)?;
    sandbox.toss_decline_next(&card, "INVALID_STOPPED_CARD")?;
    let failed = event(shop, "InvoiceFailed", &begun, TIME_LIMIT)?;
    ensure!(failed["data"]["failure"]["code"] == "INVALID_STOPPED_CARD", "{failed}");
    let past_due = event(shop, "SubscriptionPastDue", &begun, EVENT_DEADLINE)?;
    ensure!(past_due["data"]["needs_card"] == true, "{past_due}");
    ensure!(shop.available(&sku)? == 5, "a declined charge holds no stock");

    let card = json!({ "body": { "authorization": authorization(shop, &holder)? } });
    let changed = change(shop, &begun, &card)?.expect(200)?;
    ensure!(changed["status"] == "ACTIVE", "{changed}");
    let paid = event(shop, "InvoicePaid", &begun, EVENT_DEADLINE)?;
    ensure!(paid["data"]["attempts"] == 2, "{paid}");
    let order = shop.current_order(&shop.ann, &paid["data"])?;
    ensure!(shop.moved(&order)? == charged(1000), "{:?}", shop.moved(&order)?);
    Ok(())
}

fn a_delivery_without_stock_is_postponed(shop: &Shop) -> Result<()> {
    let sku = shop.product(1, 1)?;
    shop.order(&shop.bob, &shop.unique("key"), &sku, 1)?.expect(201)?;
    let holder = shop.unique("holder");
    // It is due at once, so the request itself enqueues the charge.
    let body = subscription_body(shop, &sku, &holder, SignedDuration::ZERO)?;
    let begun = subscribe(shop, &shop.unique("key"), &body)?.expect(201)?;
    let postponed = event(shop, "DeliveryPostponed", &begun, TIME_LIMIT)?;
    ensure!(postponed["data"]["postponed"]["skus"] == json!([sku]), "{postponed}");
    ensure!(postponed["data"]["attempts"] == 0, "{postponed}");
    Ok(())
}

fn a_subscription_that_ends_unpaid_gives_its_coupon_back_and_another_is_charged_with_it(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let claim = coupons::claim(shop, &shop.ann, &coupons::coupon(shop, &json!({}))?)?.expect(201)?;
    let start = |time| {
        let mut body = subscription_body(shop, &sku, &shop.unique("holder"), time)?;
        body["coupon_claim_id"] = claim["coupon_claim_id"].clone();
        subscribe(shop, &shop.unique("key"), &body)
    };
    let first = start(SignedDuration::from_hours(48))?.expect(201)?;
    let refused = start(SignedDuration::ZERO)?.expect(409)?;
    ensure!(refused["subscription_id"] == first["subscription_id"], "{refused}");
    let over = cancel(shop, &first)?;
    ensure!(over["coupon"]["returned_at"].is_string(), "{over}");

    let second = start(SignedDuration::ZERO)?.expect(201)?;
    let paid = event(shop, "InvoicePaid", &second, TIME_LIMIT)?;
    ensure!(paid["data"]["coupon"]["discount"]["amount"] == 150, "{paid}");
    let order = shop.current_order(&shop.ann, &paid["data"])?;
    ensure!(shop.moved(&order)? == charged(850), "{:?}", shop.moved(&order)?);
    Ok(())
}

/// Cancels a subscription at once.
fn cancel(shop: &Shop, subscription: &Value) -> Result<Value> {
    let path = format!("/subscriptions/{}/cancel", text(subscription, "subscription_id")?);
    let call = shop.api.call("POST", &path).token(&shop.ann);
    let call = call.key(&shop.unique("cancel")).json(&json!({ "when": "NOW" }));
    call.send()?.expect(200)
}

/// One charge and no refund.
fn charged(amount: i64) -> Moved {
    Moved {
        charged: amount,
        charges: 1,
        ..Moved::default()
    }
}

/// Returns the body of a monthly subscription of `sku` that starts after `time`.
fn subscription_body(shop: &Shop, sku: &str, holder: &str, time: SignedDuration) -> Result<Value> {
    let first = (Timestamp::now() + time).to_zoned(TimeZone::UTC);
    Ok(json!({
        "items": [{ "sku": sku, "quantity": 1 }],
        "schedule": {
            "anchor": first.date().to_string(),
            "time": first.strftime("%H:%M:%S").to_string(),
            "timezone": "UTC",
            "interval": { "unit": "MONTH", "count": 1 },
        },
        "authorization": authorization(shop, holder)?,
        "shipping_address": delivery_details()["shipping_address"],
    }))
}

/// Returns the authorization that Toss's card window gives a page.
fn authorization(shop: &Shop, holder: &str) -> Result<Value> {
    let auth_key = shop.sandbox()?.toss_authorize_card(holder)?;
    Ok(json!({ "provider": "TOSS", "auth_key": auth_key, "customer_key": holder }))
}

fn subscribe(shop: &Shop, key: &str, body: &Value) -> Result<Answer> {
    let call = shop.api.call("POST", "/subscriptions").token(&shop.ann);
    call.key(key).json(body).send()
}

/// Changes a subscription: by the operation `change`, or as a patch, with the member `body`.
fn change(shop: &Shop, subscription: &Value, change: &Value) -> Result<Answer> {
    let path = format!("/subscriptions/{}", text(subscription, "subscription_id")?);
    let call = match change["change"].as_str() {
        Some(verb) => shop.api.call("POST", &format!("{path}/{verb}")),
        None => shop.api.call("PATCH", &path),
    };
    let call = call.token(&shop.ann).key(&shop.unique("change"));
    match &change["body"] {
        Value::Null => call.send(),
        body => call.json(body).send(),
    }
}

fn account(shop: &Shop, subscription: &Value) -> Result<Value> {
    let path = format!("/subscriptions/{}", text(subscription, "subscription_id")?);
    let invoices = shop.get(&shop.ann, &format!("{path}/invoices"))?["items"].take();
    Ok(json!({ "subscription": shop.get(&shop.ann, &path)?, "invoices": invoices }))
}

/// Waits for an event of a subscription or of one of its invoices.
fn event(shop: &Shop, detail_type: &str, subscription: &Value, within: Duration) -> Result<Value> {
    let id = &subscription["subscription_id"];
    let of_it = |event: &local_cloud::Event| event.detail["data"]["subscription_id"] == *id;
    Ok(shop.tap.wait_for(detail_type, of_it, within)?.detail)
}
