//! Payments and refunds through Toss, Stripe and KakaoPay.

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use local_cloud::Moved;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "an_order_is_paid_through_toss_and_its_events_are_published",
        an_order_is_paid_through_toss_and_its_events_are_published,
    ),
    (
        "a_stripe_webhook_alone_pays_an_order",
        a_stripe_webhook_alone_pays_an_order,
    ),
    ("an_order_is_paid_through_kakaopay", an_order_is_paid_through_kakaopay),
    (
        "an_order_can_be_paid_with_another_card_after_a_decline",
        an_order_can_be_paid_with_another_card_after_a_decline,
    ),
    ("a_cancelled_paid_order_is_refunded", a_cancelled_paid_order_is_refunded),
    (
        "an_administrator_refunds_a_part_of_a_payment",
        an_administrator_refunds_a_part_of_a_payment,
    ),
    (
        "only_its_customer_can_read_a_payment",
        only_its_customer_can_read_a_payment,
    ),
];

/// One charge and no refund.
fn charged(amount: i64) -> Moved {
    Moved {
        charged: amount,
        charges: 1,
        ..Moved::default()
    }
}

fn an_order_is_paid_through_toss_and_its_events_are_published(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 2)?.expect(201)?;
    let started = shop.start(&shop.ann, &order, "TOSS")?;
    ensure!(started["client"]["provider"] == "TOSS", "{started}");
    let proof = shop.toss_key(&order)?;
    let key = shop.unique("pay");
    let confirm = || shop.confirm(&shop.ann, &key, &order, "TOSS", ("payment_key", &proof));
    let payment = confirm()?.expect(200)?;
    ensure!(payment["status"] == "PAID", "{payment}");

    let again = confirm()?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(again.expect(200)? == payment);

    let paid = shop.current_order(&shop.ann, &order)?;
    ensure!(paid["status"] == "PAID", "{paid}");
    ensure!(paid["payment_id"] == payment["payment_id"], "{paid} {payment}");
    ensure!(shop.available(&sku)? == 3);
    ensure!(shop.moved(&order)? == charged(2000), "{:?}", shop.moved(&order)?);
    ensure!(shop.event("OrderPaid", &order, EVENT_DEADLINE)?["data"] == paid);
    ensure!(shop.event("PaymentConfirmed", &order, EVENT_DEADLINE)?["data"] == payment);
    shop.delivered("/webhooks/toss", &proof, 200)
}

fn a_stripe_webhook_alone_pays_an_order(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 2)?.expect(201)?;
    let started = shop.start(&shop.ann, &order, "STRIPE")?;
    shop.sandbox()?.stripe_pay(text(&started, "reference")?)?;
    let paid = shop.order_until(&shop.ann, &order, "PAID", EVENT_DEADLINE)?;
    ensure!(paid["payment_id"] == started["payment_id"], "{paid} {started}");
    ensure!(shop.moved(&order)? == charged(2000), "{:?}", shop.moved(&order)?);
    shop.event("OrderPaid", &order, EVENT_DEADLINE)?;
    Ok(())
}

fn an_order_is_paid_through_kakaopay(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let _turn = shop.lock_faults();
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 2)?.expect(201)?;
    let started = shop.start(&shop.ann, &order, "KAKAOPAY")?;
    ensure!(started["client"]["pc_url"].is_string(), "{started}");
    let token = shop.sandbox()?.kakaopay_approve(text(&started, "reference")?)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "KAKAOPAY", ("pg_token", &token))?;
    let payment = confirmed.expect(200)?;
    ensure!(payment["payment_id"] == started["payment_id"], "{payment} {started}");
    ensure!(shop.current_order(&shop.ann, &order)?["status"] == "PAID");
    ensure!(shop.moved(&order)? == charged(2000), "{:?}", shop.moved(&order)?);
    Ok(())
}

fn an_order_can_be_paid_with_another_card_after_a_decline(shop: &Shop) -> Result<()> {
    const CODE: &str = "REJECT_CARD_PAYMENT";
    let sku = shop.product(5, 1)?;
    let order = shop.order(&shop.ann, &shop.unique("key"), &sku, 1)?.expect(201)?;
    let sandbox = shop.sandbox()?;
    let proof = sandbox.toss_authenticate_declined(text(&order, "order_id")?, (1000, "KRW"), CODE)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "TOSS", ("payment_key", &proof))?;
    let refused = confirmed.expect(402)?;
    ensure!(refused["type"] == "urn:madang:problem:payment-refused", "{refused}");
    ensure!(refused["provider_code"] == CODE, "{refused}");
    let waiting = shop.current_order(&shop.ann, &order)?;
    ensure!(waiting["status"] == "PENDING_PAYMENT", "{waiting}");
    shop.event("PaymentFailed", &order, EVENT_DEADLINE)?;
    ensure!(shop.moved(&order)? == Moved::default());

    let proof = shop.toss_key(&order)?;
    let confirmed = shop.confirm(&shop.ann, &shop.unique("pay"), &order, "TOSS", ("payment_key", &proof))?;
    confirmed.expect(200)?;
    ensure!(shop.current_order(&shop.ann, &order)?["status"] == "PAID");
    ensure!(shop.moved(&order)? == charged(1000), "{:?}", shop.moved(&order)?);
    Ok(())
}

fn a_cancelled_paid_order_is_refunded(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, payment) = shop.paid_order(&shop.ann, &sku, 3)?;
    let path = format!("/orders/{}/cancel", text(&order, "order_id")?);
    let cancel = shop
        .api
        .call("POST", &path)
        .token(&shop.ann)
        .key(&shop.unique("cancel"));
    ensure!(cancel.send()?.expect(200)?["status"] == "CANCELLED");
    ensure!(shop.available(&sku)? == 5);
    let event = shop.event("PaymentRefunded", &order, EVENT_DEADLINE)?;
    ensure!(event["data"]["refunds"][0]["reason"] == "ORDER_CANCELLED", "{event}");
    let refunded = shop.payment_until(&payment, "REFUNDED", EVENT_DEADLINE)?;
    ensure!(refunded["refunded"] == order["totals"]["total"], "{refunded}");
    let receipt = shop.get(&shop.ann, &format!("/orders/{}/receipt", text(&order, "order_id")?))?;
    ensure!(receipt["payment"]["refunded"] == order["totals"]["total"], "{receipt}");
    ensure!(
        shop.moved(&order)? == charged_and_refunded(3000, 3000),
        "{:?}",
        shop.moved(&order)?
    );
    Ok(())
}

fn an_administrator_refunds_a_part_of_a_payment(shop: &Shop) -> Result<()> {
    let sku = shop.product(5, 1)?;
    let (order, payment) = shop.paid_order(&shop.ann, &sku, 2)?;
    let path = format!("/admin/payments/{}/refunds", text(&payment, "payment_id")?);
    let key = shop.unique("refund");
    let ask = |token: &str, amount: i64| {
        let body = json!({ "amount": { "amount": amount, "currency": "KRW" }, "note": "One was damaged." });
        shop.api.call("POST", &path).token(token).key(&key).json(&body).send()
    };
    ask(&shop.ann, 400)?.expect(403)?;
    let too_much = ask(&shop.admin, 2001)?.expect(409)?;
    ensure!(too_much["type"] == "urn:madang:problem:not-refundable", "{too_much}");
    let requested = ask(&shop.admin, 400)?.expect(202)?;
    ensure!(requested["refunds"][0]["amount"]["amount"] == 400, "{requested}");
    let event = shop.event("PaymentRefunded", &order, EVENT_DEADLINE)?;
    ensure!(event["data"]["refunded"]["amount"] == 400, "{event}");
    ensure!(event["data"]["status"] == "PAID", "{event}");
    let again = ask(&shop.admin, 400)?;
    ensure!(again.header("idempotency-replayed") == Some("true"), "{again:?}");
    ensure!(shop.current_order(&shop.ann, &order)?["status"] == "PAID");
    ensure!(
        shop.moved(&order)? == charged_and_refunded(2000, 400),
        "{:?}",
        shop.moved(&order)?
    );
    Ok(())
}

fn only_its_customer_can_read_a_payment(shop: &Shop) -> Result<()> {
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
    let stolen = shop.confirm(&shop.bob, &shop.unique("pay"), &other, "TOSS", proof)?;
    let stolen: Value = stolen.expect(422)?;
    ensure!(stolen["type"] == "urn:madang:problem:payment-mismatch", "{stolen}");
    let proof = shop.toss_key(&order)?;
    let paid = shop.confirm(&shop.bob, &shop.unique("pay"), &order, "TOSS", ("payment_key", &proof))?;
    paid.expect(404)?;
    Ok(())
}

/// One charge and one refund.
fn charged_and_refunded(charged: i64, refunded: i64) -> Moved {
    Moved {
        charged,
        charges: 1,
        refunded,
        refunds: 1,
    }
}
