//! Late payments: the provider does not respond, or the order has expired.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use local_cloud::Moved;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "a_late_payment_places_its_expired_order_while_there_is_stock",
        a_late_payment_places_its_expired_order_while_there_is_stock,
    ),
    (
        "a_late_payment_is_refunded_when_the_stock_is_gone",
        a_late_payment_is_refunded_when_the_stock_is_gone,
    ),
    (
        "an_unknown_outcome_is_settled_by_the_schedule",
        an_unknown_outcome_is_settled_by_the_schedule,
    ),
];

/// The time limit for the reservation and a run of each schedule, on slow machines.
const TIME_LIMIT: Duration = Duration::from_secs(300);

fn an_unknown_outcome_is_settled_by_the_schedule(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, confirmed) = {
        let _turn = shop.lock_faults();
        let sandbox = shop.sandbox()?;
        let order = shop.order(&shop.bob, &shop.unique("key"), &sku, 2)?.expect(201)?;
        let started = shop.start(&shop.bob, &order, "KAKAOPAY")?;
        let token = sandbox.kakaopay_approve(text(&started, "reference")?)?;
        // KakaoPay charges the payment but answers neither the call nor queries. It has no webhooks, so only the
        // schedule can find the charge.
        sandbox.plan("kakaopay", "approve", &json!({ "kind": "never_answer" }))?;
        sandbox.plan("kakaopay", "order", &json!({ "kind": "error_before", "value": 503 }))?;
        let key = shop.unique("pay");
        let confirmed = shop.confirm(&shop.bob, &key, &order, "KAKAOPAY", ("pg_token", &token))?;
        (order, confirmed.expect(202)?)
    };
    ensure!(confirmed["status"] == "UNKNOWN", "{confirmed}");
    let waiting = shop.current_order(&shop.bob, &order)?;
    ensure!(waiting["status"] == "PAYING", "{waiting}");
    shop.event("PaymentUnknown", &order, EVENT_DEADLINE)?;
    // The payment blocks a second payment and a cancellation.
    let path = format!("/orders/{}/cancel", text(&order, "order_id")?);
    let cancel = shop
        .api
        .call("POST", &path)
        .token(&shop.bob)
        .key(&shop.unique("cancel"));
    let refused = cancel.send()?.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:payment-under-way", "{refused}");

    shop.order_until(&shop.bob, &order, "PAID", TIME_LIMIT)?;
    shop.event("OrderPaid", &order, EVENT_DEADLINE)?;
    let moved = shop.moved(&order)?;
    ensure!(
        (moved.charged, moved.charges, moved.refunded) == (2000, 1, 0),
        "{moved:?}"
    );
    Ok(())
}

fn a_late_payment_places_its_expired_order_while_there_is_stock(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, started) = expired_order_with_payment(shop, &sku, 2)?;
    ensure!(shop.available(&sku)? == 5);
    shop.sandbox()?.stripe_pay(text(&started, "reference")?)?;
    shop.event("PaymentUnservable", &order, EVENT_DEADLINE)?;
    let paid = shop.order_until(&shop.bob, &order, "PAID", TIME_LIMIT)?;
    ensure!(paid.get("closed_at").is_none(), "{paid}");
    ensure!(shop.available(&sku)? == 3);
    shop.event("OrderPaid", &order, EVENT_DEADLINE)?;
    let moved = shop.moved(&order)?;
    ensure!((moved.charges, moved.refunds) == (1, 0), "{moved:?}");
    Ok(())
}

fn a_late_payment_is_refunded_when_the_stock_is_gone(shop: &Shop) -> Result<()> {
    let sku = shop.product(2, 1)?;
    let (order, started) = expired_order_with_payment(shop, &sku, 2)?;
    shop.paid_order(&shop.ann, &sku, 2)?;
    shop.sandbox()?.stripe_pay(text(&started, "reference")?)?;
    shop.event("PaymentUnservable", &order, EVENT_DEADLINE)?;
    let refunded = shop.payment_until(&started, "REFUNDED", TIME_LIMIT)?;
    ensure!(refunded["refunds"][0]["reason"] == "UNSERVABLE", "{refunded}");
    shop.event("PaymentRefunded", &order, EVENT_DEADLINE)?;
    let all_back = Moved {
        charged: 2000,
        charges: 1,
        refunded: 2000,
        refunds: 1,
    };
    ensure!(shop.moved(&order)? == all_back, "{:?}", shop.moved(&order)?);
    ensure!(shop.current_order(&shop.bob, &order)?["status"] == "EXPIRED");
    ensure!(shop.available(&sku)? == 0);
    Ok(())
}

/// Returns an expired order and its started payment, which can be paid for another minute or two.
fn expired_order_with_payment(shop: &Shop, sku: &str, quantity: i64) -> Result<(Value, Value)> {
    let order = shop.order(&shop.bob, &shop.unique("key"), sku, quantity)?.expect(201)?;
    let started = shop.start(&shop.bob, &order, "STRIPE")?;
    shop.event("OrderExpired", &order, TIME_LIMIT)?;
    Ok((order, started))
}
