//! Orders that are paid, and money that goes back: through Toss, Stripe and KakaoPay.

use anyhow::{Result, ensure};
use end_to_end::{SOON, Shop, text};
use local_cloud::Moved;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "an_order_is_paid_through_toss_and_the_bus_tells_of_it",
        an_order_is_paid_through_toss_and_the_bus_tells_of_it,
    ),
    (
        "a_message_of_stripe_alone_pays_an_order",
        a_message_of_stripe_alone_pays_an_order,
    ),
    ("an_order_is_paid_through_kakaopay", an_order_is_paid_through_kakaopay),
    (
        "a_declined_card_leaves_the_order_to_be_paid_with_another",
        a_declined_card_leaves_the_order_to_be_paid_with_another,
    ),
    (
        "a_paid_order_that_is_cancelled_is_refunded",
        a_paid_order_that_is_cancelled_is_refunded,
    ),
    (
        "an_administrator_gives_a_part_of_the_money_back",
        an_administrator_gives_a_part_of_the_money_back,
    ),
    ("a_payment_is_its_customers_own", a_payment_is_its_customers_own),
];

/// Charged once, nothing given back.
fn charged(amount: i64) -> Moved {
    Moved {
        charged: amount,
        charges: 1,
        ..Moved::default()
    }
}

fn an_order_is_paid_through_toss_and_the_bus_tells_of_it(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 2)?.expect(201)?;
    let started = shop.start(&shop.ann, &order, "toss")?;
    ensure!(started["client"]["provider"] == "toss", "{started}");
    let proof = shop.toss_key(&order)?;
    let key = shop.unique("pay");
    let confirm = || shop.confirm(&shop.ann, &key, &order, "toss", ("payment_key", &proof));
    let payment = confirm()?.expect(200)?;
    ensure!(payment["status"] == "PAID", "{payment}");

    let again = confirm()?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(again.expect(200)? == payment);

    let paid = shop.order_again(&shop.ann, &order)?;
    ensure!(paid["status"] == "PAID", "{paid}");
    ensure!(paid["payment_id"] == payment["payment_id"], "{paid} {payment}");
    ensure!(shop.available(&sku)? == 3);
    ensure!(shop.moved(&order)? == charged(2000), "{:?}", shop.moved(&order)?);
    ensure!(shop.event("OrderPaid", &order, SOON)?["data"] == paid);
    ensure!(shop.event("PaymentConfirmed", &order, SOON)?["data"] == payment);
    shop.delivered("/webhooks/toss", &proof, 200)
}

fn a_message_of_stripe_alone_pays_an_order(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 2)?.expect(201)?;
    let started = shop.start(&shop.ann, &order, "stripe")?;
    shop.sandbox()?.stripe_pay(text(&started, "reference")?)?;
    let paid = shop.order_until(&shop.ann, &order, "PAID", SOON)?;
    ensure!(paid["payment_id"] == started["payment_id"], "{paid} {started}");
    ensure!(shop.moved(&order)? == charged(2000), "{:?}", shop.moved(&order)?);
    shop.event("OrderPaid", &order, SOON)?;
    Ok(())
}

fn an_order_is_paid_through_kakaopay(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let _turn = shop.turn();
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 2)?.expect(201)?;
    let started = shop.start(&shop.ann, &order, "kakaopay")?;
    ensure!(started["client"]["pc_url"].is_string(), "{started}");
    let token = shop.sandbox()?.kakaopay_approve(text(&started, "reference")?)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "kakaopay", ("pg_token", &token))?;
    let payment = confirmed.expect(200)?;
    ensure!(payment["payment_id"] == started["payment_id"], "{payment} {started}");
    ensure!(shop.order_again(&shop.ann, &order)?["status"] == "PAID");
    ensure!(shop.moved(&order)? == charged(2000), "{:?}", shop.moved(&order)?);
    Ok(())
}

fn a_declined_card_leaves_the_order_to_be_paid_with_another(shop: &Shop) -> Result<()> {
    const CODE: &str = "REJECT_CARD_PAYMENT";
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 1)?.expect(201)?;
    let sandbox = shop.sandbox()?;
    let proof = sandbox.toss_authenticate_declined(text(&order, "order_id")?, (1000, "KRW"), CODE)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "toss", ("payment_key", &proof))?;
    let refused = confirmed.expect(402)?;
    ensure!(refused["type"] == "urn:madang:problem:payment-refused", "{refused}");
    ensure!(refused["provider_code"] == CODE, "{refused}");
    let waiting = shop.order_again(&shop.ann, &order)?;
    ensure!(waiting["status"] == "PENDING_PAYMENT", "{waiting}");
    shop.event("PaymentFailed", &order, SOON)?;
    ensure!(shop.moved(&order)? == Moved::default());

    let proof = shop.toss_key(&order)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "toss", ("payment_key", &proof))?;
    confirmed.expect(200)?;
    ensure!(shop.order_again(&shop.ann, &order)?["status"] == "PAID");
    ensure!(shop.moved(&order)? == charged(1000), "{:?}", shop.moved(&order)?);
    Ok(())
}

fn a_paid_order_that_is_cancelled_is_refunded(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, payment) = shop.paid_order(&shop.ann, &sku, 3)?;
    let path = format!("/orders/{}/cancel", text(&order, "order_id")?);
    let cancel = shop.api.call("POST", &path).token(&shop.ann).key("cancel");
    ensure!(cancel.send()?.expect(200)?["status"] == "CANCELLED");
    ensure!(shop.available(&sku)? == 5);
    let event = shop.event("PaymentRefunded", &order, SOON)?;
    ensure!(event["data"]["refunds"][0]["reason"] == "ORDER_CANCELLED", "{event}");
    let refunded = shop.payment_until(&payment, "REFUNDED", SOON)?;
    ensure!(refunded["refunded"] == order["total"], "{refunded}");
    ensure!(
        shop.moved(&order)? == given_back(3000, 3000),
        "{:?}",
        shop.moved(&order)?
    );
    Ok(())
}

fn an_administrator_gives_a_part_of_the_money_back(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, payment) = shop.paid_order(&shop.ann, &sku, 2)?;
    let path = format!("/payments/{}/refunds", text(&payment, "payment_id")?);
    let key = shop.unique("refund");
    let ask = |token: &str, amount: i64| {
        let body = json!({ "amount": { "amount": amount, "currency": "KRW" }, "note": "One was damaged." });
        shop.api.call("POST", &path).token(token).key(&key).json(&body).send()
    };
    ask(&shop.ann, 400)?.expect(403)?;
    let too_much = ask(&shop.admin, 2001)?.expect(409)?;
    ensure!(too_much["type"] == "urn:madang:problem:not-refundable", "{too_much}");
    let asked = ask(&shop.admin, 400)?.expect(202)?;
    ensure!(asked["refunds"][0]["amount"]["amount"] == 400, "{asked}");
    let event = shop.event("PaymentRefunded", &order, SOON)?;
    ensure!(event["data"]["refunded"]["amount"] == 400, "{event}");
    ensure!(event["data"]["status"] == "PAID", "{event}");
    let again = ask(&shop.admin, 400)?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(shop.order_again(&shop.ann, &order)?["status"] == "PAID");
    ensure!(
        shop.moved(&order)? == given_back(2000, 400),
        "{:?}",
        shop.moved(&order)?
    );
    Ok(())
}

fn a_payment_is_its_customers_own(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, payment) = shop.paid_order(&shop.ann, &sku, 1)?;
    let path = format!("/payments/{}", text(&payment, "payment_id")?);
    for token in [&shop.ann, &shop.admin] {
        ensure!(shop.get(token, &path)? == payment);
    }
    shop.api.call("GET", &path).token(&shop.bob).send()?.expect(404)?;
    shop.api.call("GET", &path).send()?.expect(401)?;

    let other = shop.order(&shop.bob, &shop.unique("key"), &sku, 1)?.expect(201)?;
    let proof = ("payment_key", text(&payment, "reference")?);
    let stolen = shop.confirm(&shop.bob, &shop.unique("pay"), &other, "toss", proof)?;
    let stolen: Value = stolen.expect(422)?;
    ensure!(stolen["type"] == "urn:madang:problem:payment-mismatch", "{stolen}");
    let proof = shop.toss_key(&order)?;
    let paid = shop.confirm(&shop.bob, &shop.unique("pay"), &order, "toss", ("payment_key", &proof))?;
    paid.expect(404)?;
    Ok(())
}

/// Charged once, and given back once.
fn given_back(charged: i64, refunded: i64) -> Moved {
    Moved {
        charged,
        charges: 1,
        refunded,
        refunds: 1,
    }
}
