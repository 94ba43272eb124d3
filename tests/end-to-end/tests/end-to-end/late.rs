//! Money that is late: the provider does not answer, or it comes when the order has expired.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{SOON, Shop, text};
use local_cloud::Moved;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "money_that_comes_after_its_orders_end_revives_it_while_there_is_stock",
        money_that_comes_after_its_orders_end_revives_it_while_there_is_stock,
    ),
    (
        "money_that_comes_after_its_orders_end_goes_back_when_the_stock_is_gone",
        money_that_comes_after_its_orders_end_goes_back_when_the_stock_is_gone,
    ),
    (
        "an_unknown_outcome_is_settled_by_the_schedule",
        an_unknown_outcome_is_settled_by_the_schedule,
    ),
];

/// As long as the schedules may take: the reservation, a run of each, and slow machines.
const IN_TIME: Duration = Duration::from_secs(300);

fn an_unknown_outcome_is_settled_by_the_schedule(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, confirmed) = {
        let _turn = shop.turn();
        let sandbox = shop.sandbox()?;
        let order = shop.order(&shop.bob, &shop.unique("key"), &sku, 2)?.expect(201)?;
        let started = shop.start(&shop.bob, &order, "kakaopay")?;
        let token = sandbox.kakaopay_approve(text(&started, "reference")?)?;
        // KakaoPay takes the money and says nothing; nor does it say where the payment stands when it is asked. It
        // sends no messages either, so that nothing but the schedule can find it out.
        sandbox.plan("kakaopay", "approve", &json!({ "kind": "never_answer" }))?;
        sandbox.plan("kakaopay", "order", &json!({ "kind": "error_before", "value": 503 }))?;
        let key = shop.unique("pay");
        let confirmed = shop.confirm(&shop.bob, &key, &order, "kakaopay", ("pg_token", &token))?;
        (order, confirmed.expect(202)?)
    };
    ensure!(confirmed["status"] == "UNKNOWN", "{confirmed}");
    let waiting = shop.order_again(&shop.bob, &order)?;
    ensure!(waiting["status"] == "PAYING", "{waiting}");
    shop.event("PaymentUnknown", &order, SOON)?;
    // Neither a second payment nor a cancellation gets in between.
    let path = format!("/orders/{}/cancel", text(&order, "order_id")?);
    let cancel = shop.api.call("POST", &path).token(&shop.bob).key("cancel");
    let refused = cancel.send()?.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:payment-under-way", "{refused}");

    shop.order_until(&shop.bob, &order, "PAID", IN_TIME)?;
    shop.event("OrderPaid", &order, SOON)?;
    let moved = shop.moved(&order)?;
    ensure!(
        (moved.charged, moved.charges, moved.refunded) == (2000, 1, 0),
        "{moved:?}"
    );
    Ok(())
}

fn money_that_comes_after_its_orders_end_revives_it_while_there_is_stock(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, started) = expired_with_payment_begun(shop, &sku, 2)?;
    ensure!(shop.available(&sku)? == 5);
    shop.sandbox()?.stripe_pay(text(&started, "reference")?)?;
    shop.event("PaymentUnservable", &order, SOON)?;
    let paid = shop.order_until(&shop.bob, &order, "PAID", IN_TIME)?;
    ensure!(paid.get("closed_at").is_none(), "{paid}");
    ensure!(shop.available(&sku)? == 3);
    shop.event("OrderPaid", &order, SOON)?;
    let moved = shop.moved(&order)?;
    ensure!((moved.charges, moved.refunds) == (1, 0), "{moved:?}");
    Ok(())
}

fn money_that_comes_after_its_orders_end_goes_back_when_the_stock_is_gone(shop: &Shop) -> Result<()> {
    let sku = shop.product(2, 1)?;
    let (order, started) = expired_with_payment_begun(shop, &sku, 2)?;
    shop.paid_order(&shop.ann, &sku, 2)?;
    shop.sandbox()?.stripe_pay(text(&started, "reference")?)?;
    shop.event("PaymentUnservable", &order, SOON)?;
    let refunded = shop.payment_until(&started, "REFUNDED", IN_TIME)?;
    ensure!(refunded["refunds"][0]["reason"] == "UNSERVABLE", "{refunded}");
    shop.event("PaymentRefunded", &order, SOON)?;
    let all_back = Moved {
        charged: 2000,
        charges: 1,
        refunded: 2000,
        refunds: 1,
    };
    ensure!(shop.moved(&order)? == all_back, "{:?}", shop.moved(&order)?);
    ensure!(shop.order_again(&shop.bob, &order)?["status"] == "EXPIRED");
    ensure!(shop.available(&sku)? == 0);
    Ok(())
}

/// An order that was not paid in time, and its payment, which can still be paid for a minute or two.
fn expired_with_payment_begun(shop: &Shop, sku: &str, quantity: i64) -> Result<(Value, Value)> {
    let order = shop.order(&shop.bob, &shop.unique("key"), sku, quantity)?.expect(201)?;
    let started = shop.start(&shop.bob, &order, "stripe")?;
    shop.event("OrderExpired", &order, IN_TIME)?;
    Ok((order, started))
}
