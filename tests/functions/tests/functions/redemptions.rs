//! Coupons in orders: the discount, the one order that has a claim, and its way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use function_tests::fulfillment_fixture::FulfillmentFixture;
use function_tests::payment_fixture::{amount, start_call, toss_call};
use function_tests::{CouponsFixture, PaymentFixture, RESERVATION, Shop, id_of, order_body, order_call, product};
use harness::Fault;
use harness::engine::ORDERS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use proptest::prelude::*;
use sandbox::{Authentication, Card};
use serde_json::{Value, json};
use shared::coupons::{CouponClaimId, CouponStore};
use shared::orders::ReservationStore;
use tokio::task::JoinSet;

type Items<'a> = &'a [(&'a str, i64)];

/// A customer's checkout with a claim.
fn with_claim(customer: &str, key: &str, items: Items<'_>, claim: &str) -> Call {
    let mut body = order_body(items);
    body["coupon_claim_ids"] = json!([claim]);
    order_call(customer, key, &[]).json(&body)
}

async fn place(shop: &Shop, customer: &str, key: &str, items: Items<'_>, claim: &str) -> Answer {
    shop.checkout(with_claim(customer, key, items, claim)).await
}

async fn quote(shop: &Shop, customer: &str, items: Items<'_>, claim: &str) -> Answer {
    let mut body = order_body(items);
    body["coupon_claim_ids"] = json!([claim]);
    shop.create_quote(Call::new("POST", "/quotes").by(customer).json(&body))
        .await
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// A shop in which ann has claimed a coupon with these fields, and the claim's id.
async fn claimed(fields: &Value) -> (CouponsFixture, String) {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(fields).await;
    let claim = shop.claimed("ann", &coupon).await;
    (shop, claim)
}

async fn cancel_by_admin(shop: &Shop, order: &str) -> Answer {
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", order);
    shop.cancel_order(call.by_admin().key("by-admin")).await
}

/// Pays an order at Toss.
async fn pay(payments: &PaymentFixture, order: &Answer) {
    let id = id_of(order);
    let total = order.body["totals"]["total"]["amount"].as_u64().unwrap();
    let key = payments.sandbox.toss_authenticate(&id, total.cast_signed(), "KRW");
    let paid = payments.confirm(toss_call("ann", "pay", &id, &key, total)).await;
    assert_eq!(paid.status, 200, "{paid:?}");
}

#[tokio::test]
async fn an_order_redeems_a_claim_and_shows_its_discount_everywhere() {
    let (shop, claim) = claimed(&json!({})).await;
    let quoted = quote(&shop, "ann", &[("tea", 2)], &claim).await;
    assert_eq!(quoted.status, 200, "{quoted:?}");
    assert_eq!(shop.claim_status("ann").await, "ISSUED", "a quote takes nothing");
    let order = place(&shop, "ann", "k", &[("tea", 2)], &claim).await;
    assert_eq!(order.status, 201, "{order:?}");
    for part in ["lines", "totals"] {
        assert_eq!(order.body[part], quoted.body[part], "{part}");
    }
    let totals = &order.body["totals"];
    assert_eq!((&totals["discount"], &totals["total"]), (&amount(300), &amount(1700)));
    let line = &order.body["lines"][0];
    assert_eq!((&line["discount"], &line["total"]), (&amount(300), &amount(1700)));
    assert_eq!(
        line["included_tax"],
        amount(155),
        "the tax is that of the discounted price"
    );
    let claims = shop.claims("ann").await;
    assert_eq!(claims[0]["status"], "REDEEMED");
    assert_eq!(claims[0]["order_id"], order.body["order_id"]);
    let coupon = json!({
        "coupon_id": claims[0]["coupon_id"], "coupon_claim_id": claim, "class": "SELLER", "discount": amount(300),
        "on_cancellation": "RETURNED",
    });
    assert_eq!(order.body["coupons"], json!([coupon]));
    assert_eq!(quoted.body["coupons"], order.body["coupons"]);
    assert_eq!(
        line["coupon_discounts"],
        json!([{ "class": "SELLER", "amount": amount(300) }])
    );
    assert_eq!(shop.see("ann", &id_of(&order)).await.body, order.body);
    let listed = shop.list_orders(Call::new("GET", "/orders").by("ann")).await;
    assert_eq!(listed.body["items"], json!([order.body]));
    assert_eq!(shop.engine.events(ORDERS).await[0].1["data"], order.body);
}

#[tokio::test]
async fn of_two_orders_at_once_one_has_the_coupon() {
    let (shop, claim) = claimed(&json!({})).await;
    let shop = Arc::new(shop);
    let mut orders = JoinSet::new();
    for nth in 0..5 {
        let (shop, claim) = (Arc::clone(&shop), claim.clone());
        orders.spawn(async move { place(&shop, "ann", &format!("k{nth}"), &[("tea", 1)], &claim).await });
    }
    let answers = orders.join_all().await;
    let (placed, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((placed.len(), refused.len()), (1, 4));
    for answer in refused {
        assert_eq!(seen(&answer), (409, "coupon-in-use"));
        assert_eq!(answer.body["order_id"], placed[0].body["order_id"]);
    }
    assert_eq!(shop.engine.count(ORDERS).await, 1);
    assert_eq!(
        shop.engine.balance("tea").await.held,
        1,
        "a refused order holds no stock"
    );
}

#[tokio::test]
async fn three_orders_one_after_another_get_one_discount() {
    let (shop, claim) = claimed(&json!({})).await;
    let first = place(&shop, "ann", "1", &[("tea", 1)], &claim).await;
    for key in ["2", "3"] {
        let refused = place(&shop, "ann", key, &[("tea", 1)], &claim).await;
        assert_eq!(seen(&refused), (409, "coupon-in-use"));
        assert_eq!(refused.body["order_id"], first.body["order_id"]);
    }
    assert_eq!(
        seen(&quote(&shop, "ann", &[("tea", 1)], &claim).await),
        (409, "coupon-in-use")
    );
}

#[tokio::test]
async fn a_retried_order_with_a_coupon_is_the_first_one() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Throttle] {
        let (shop, claim) = claimed(&json!({})).await;
        shop.engine.faults.plan("TransactWriteItems", fault);
        let first = place(&shop, "ann", "k", &[("tea", 1)], &claim).await;
        assert_eq!(first.status, 201, "{first:?}");
        shop.advance(SignedDuration::from_secs(60));
        let again = place(&shop, "ann", "k", &[("tea", 1)], &claim).await;
        assert_eq!((again.status, again.replayed, again.body), (201, true, first.body));
        let without = order_call("ann", "k", &[("tea", 1)]);
        assert_eq!(shop.checkout(without).await.problem(), "idempotency-key-reused");
        assert_eq!(shop.engine.count(ORDERS).await, 1);
    }
}

#[tokio::test]
async fn the_same_order_sent_twice_at_once_is_one_order() {
    let (shop, claim) = claimed(&json!({})).await;
    let shop = Arc::new(shop);
    let mut orders = JoinSet::new();
    for _ in 0..4 {
        let (shop, claim) = (Arc::clone(&shop), claim.clone());
        orders.spawn(async move { place(&shop, "ann", "k", &[("tea", 1)], &claim).await });
    }
    let answers = orders.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert_eq!(shop.engine.count(ORDERS).await, 1);
}

#[tokio::test]
async fn a_claim_of_another_customer_is_not_found() {
    let (shop, claim) = claimed(&json!({})).await;
    let unknown = "018f0000-0000-7000-8000-000000000000";
    for claim in [claim.as_str(), unknown] {
        let refused = place(&shop, "bob", "k", &[("tea", 1)], claim).await;
        assert_eq!(seen(&refused), (422, "coupon-not-found"));
        assert_eq!(
            seen(&quote(&shop, "bob", &[("tea", 1)], claim).await),
            (422, "coupon-not-found")
        );
    }
    assert_eq!(shop.claim_status("ann").await, "ISSUED");
}

#[tokio::test]
async fn a_coupon_that_takes_nothing_off_is_refused_and_stays_unused() {
    let scope = json!({ "scope": { "skus": ["cup"], "categories": ["drinks"] } });
    let (shop, claim) = claimed(&scope).await;
    for answer in [
        place(&shop, "ann", "k", &[("tea", 1)], &claim).await,
        quote(&shop, "ann", &[("tea", 1)], &claim).await,
    ] {
        assert_eq!(seen(&answer), (422, "coupon-not-applicable"));
    }
    assert_eq!(shop.claim_status("ann").await, "ISSUED");
    assert_eq!(shop.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn goods_outside_of_the_scope_are_paid_in_full() {
    let (shop, claim) = claimed(&json!({ "scope": { "skus": ["cup"] } })).await;
    shop.list("cup", 2299, 1).await;
    shop.receive("cup", 1).await;
    let order = place(&shop, "ann", "k", &[("tea", 1), ("cup", 1)], &claim).await;
    let discounts: Vec<&Value> = order.body["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["discount"])
        .collect();
    assert_eq!(discounts, [&amount(0), &amount(300)]);
}

#[tokio::test]
async fn a_minimum_that_is_not_reached_is_refused_with_both_sums() {
    let (shop, claim) = claimed(&json!({ "minimum_subtotal": amount(3000) })).await;
    let refused = place(&shop, "ann", "k", &[("tea", 2)], &claim).await;
    assert_eq!(seen(&refused), (422, "coupon-minimum-not-reached"));
    let sums = (&refused.body["minimum_subtotal"], &refused.body["eligible_subtotal"]);
    assert_eq!(sums, (&amount(3000), &amount(2000)));
    assert_eq!(place(&shop, "ann", "l", &[("tea", 3)], &claim).await.status, 201);
}

#[tokio::test]
async fn a_coupon_is_for_orders_in_its_currency() {
    let yen = json!({ "amount": 275, "currency": "JPY" });
    let (shop, claim) = claimed(&json!({ "currency": "JPY", "benefit": { "kind": "FIXED", "amount": yen } })).await;
    let refused = place(&shop, "ann", "k", &[("tea", 1)], &claim).await;
    assert_eq!(seen(&refused), (422, "coupon-currency-differs"));
    assert_eq!(refused.body["coupon_currency"], "JPY");
    let mut bowl = product(5800, 1);
    bowl["price"] = json!({ "amount": 5800, "currency": "JPY" });
    shop.put_product("bowl", &bowl).await;
    shop.receive("bowl", 1).await;
    let order = place(&shop, "ann", "l", &[("bowl", 1)], &claim).await;
    assert_eq!(
        order.body["totals"]["total"],
        json!({ "amount": 5525, "currency": "JPY" })
    );
}

#[tokio::test]
async fn a_coupon_that_expires_between_the_quote_and_the_order_is_said_and_nothing_is_ordered() {
    let (shop, claim) = claimed(&json!({})).await;
    let quoted = quote(&shop, "ann", &[("tea", 1)], &claim).await;
    shop.advance(SignedDuration::from_hours(48));
    let mut body = order_body(&[("tea", 1)]);
    body["coupon_claim_ids"] = json!([claim]);
    body["expected_total"] = quoted.body["totals"]["total"].clone();
    let refused = shop.checkout(order_call("ann", "k", &[]).json(&body)).await;
    assert_eq!(seen(&refused), (409, "coupon-expired"));
    assert_eq!(refused.body["ended_at"], json!(shop.now()));
    body.as_object_mut().unwrap().remove("coupon_claim_ids");
    let refused = shop.checkout(order_call("ann", "l", &[]).json(&body)).await;
    assert_eq!(seen(&refused), (409, "total-differs"), "the customer is asked again");
    assert_eq!(shop.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn a_coupon_that_takes_all_off_makes_an_order_that_is_paid_without_a_provider() {
    let (shop, claim) = claimed(&json!({ "benefit": { "kind": "FIXED", "amount": amount(5000) } })).await;
    let order = place(&shop, "ann", "k", &[("tea", 3)], &claim).await;
    assert_eq!(order.body["status"], "PAID", "{order:?}");
    assert_eq!(
        order.body["totals"]["discount"],
        amount(3000),
        "never more than the price"
    );
    assert_eq!(shop.claim_status("ann").await, "REDEEMED");
    assert_eq!(shop.engine.events(ORDERS).await[0].0, "OrderPaid");
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.status, 200);
    assert_eq!(shop.claim_status("ann").await, "ISSUED");
}

#[tokio::test]
async fn an_order_that_is_not_paid_gives_the_coupon_back_when_it_expires_or_is_cancelled() {
    for ending in ["expire", "cancel", "admin"] {
        let (shop, claim) = claimed(&json!({ "on_cancellation": "KEPT" })).await;
        let first = place(&shop, "ann", "1", &[("tea", 1)], &claim).await;
        match ending {
            "expire" => {
                shop.advance(RESERVATION);
                assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
            }
            "cancel" => assert_eq!(shop.cancel("ann", &id_of(&first)).await.status, 200),
            _ => assert_eq!(cancel_by_admin(&shop, &id_of(&first)).await.status, 200),
        }
        let claims = shop.claims("ann").await;
        assert_eq!(
            (&claims[0]["status"], claims[0].get("order_id")),
            (&json!("ISSUED"), None),
            "{ending}"
        );
        let ended = shop.see("ann", &id_of(&first)).await.body;
        assert_eq!(ended["coupons"][0]["returned_at"], ended["closed_at"], "{ending}");
        assert_eq!(ended["totals"], first.body["totals"], "{ending}");
        assert_eq!(
            place(&shop, "ann", "2", &[("tea", 1)], &claim).await.status,
            201,
            "{ending}"
        );
    }
}

#[tokio::test]
async fn a_crash_at_the_write_of_an_expiry_leaves_both_or_none() {
    let (shop, claim) = claimed(&json!({})).await;
    place(&shop, "ann", "1", &[("tea", 1)], &claim).await;
    shop.advance(RESERVATION);
    shop.engine.faults.plan("TransactWriteItems", Fault::Denied);
    assert_eq!(shop.expire_orders().await.unwrap().failed, 1);
    assert_eq!(shop.claim_status("ann").await, "REDEEMED");
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    shop.expire_orders().await.unwrap();
    assert_eq!(shop.claim_status("ann").await, "ISSUED");
    assert_eq!(shop.engine.balance("tea").await.held, 0);
}

#[tokio::test]
async fn a_coupon_of_an_order_past_its_deadline_can_be_redeemed_before_expiry_runs_and_not_before() {
    let (shop, claim) = claimed(&json!({})).await;
    let first = place(&shop, "ann", "1", &[("tea", 10)], &claim).await;
    shop.advance(RESERVATION - SignedDuration::from_millis(1));
    assert_eq!(
        seen(&place(&shop, "ann", "2", &[("tea", 1)], &claim).await),
        (409, "coupon-in-use")
    );
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(quote(&shop, "ann", &[("tea", 1)], &claim).await.status, 200);
    assert_eq!(shop.claim_status("ann").await, "REDEEMED");
    let second = place(&shop, "ann", "3", &[("tea", 10)], &claim).await;
    assert_eq!(second.status, 201, "the stock is free too: {second:?}");
    assert_eq!(shop.see("ann", &id_of(&first)).await.body["status"], "EXPIRED");
    assert_eq!(shop.claims("ann").await[0]["order_id"], second.body["order_id"]);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
}

/// A shop with payments in which ann has placed an order of two teas and a cup with a coupon.
async fn with_payments(on_cancellation: &str) -> (CouponsFixture, PaymentFixture, Answer, String) {
    let (shop, claim) = claimed(&json!({ "on_cancellation": on_cancellation })).await;
    shop.list("cup", 2299, 1).await;
    shop.receive("cup", 1).await;
    let order = place(&shop, "ann", "k", &[("tea", 2), ("cup", 1)], &claim).await;
    assert_eq!(order.status, 201, "{order:?}");
    let payments = PaymentFixture::in_shop(shop.again()).await;
    (shop, payments, order, claim)
}

#[tokio::test]
async fn a_declined_payment_keeps_the_coupon_with_the_order_and_the_next_one_pays_it() {
    let (shop, payments, order, claim) = with_payments("RETURNED").await;
    let id = id_of(&order);
    let how = Authentication {
        decline: Some("REJECT_CARD_PAYMENT".to_owned()),
        ..Authentication::default()
    };
    let key = payments.sandbox.toss_authenticate_with(&id, 3999, "KRW", &how);
    let declined = payments.confirm(toss_call("ann", "declined", &id, &key, 3999)).await;
    assert_eq!(seen(&declined), (402, "payment-refused"), "{declined:?}");
    assert_eq!(shop.claim_status("ann").await, "REDEEMED");
    pay(&payments, &order).await;
    assert_eq!(payments.order_status("ann", &id).await, "PAID");
    assert_eq!(payments.charged().charged, 3999);
    let refused = place(&shop, "ann", "2", &[("tea", 1)], &claim).await;
    assert_eq!(seen(&refused), (409, "coupon-in-use"));
}

#[tokio::test]
async fn a_paid_order_that_is_cancelled_follows_the_policy_of_the_coupon_unless_the_shop_cancels_it() {
    for (policy, by_admin, status) in [
        ("RETURNED", false, "ISSUED"),
        ("KEPT", false, "REDEEMED"),
        ("KEPT", true, "ISSUED"),
    ] {
        let (shop, payments, order, claim) = with_payments(policy).await;
        pay(&payments, &order).await;
        let cancelled = match by_admin {
            true => cancel_by_admin(&shop, &id_of(&order)).await,
            false => shop.cancel("ann", &id_of(&order)).await,
        };
        assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
        payments.refund("OrderCancelled", &cancelled.body).await.unwrap();
        assert_eq!((payments.charged().charged, payments.charged().refunded), (3999, 3999));
        assert_eq!(shop.claim_status("ann").await, status, "{policy} {by_admin}");
        let next = place(&shop, "ann", "2", &[("tea", 1)], &claim).await;
        let expected = if status == "ISSUED" { 201 } else { 409 };
        assert_eq!(next.status, expected, "{policy} {by_admin}: {next:?}");
    }
}

#[tokio::test]
async fn a_coupon_that_the_shop_gives_back_after_its_time_can_be_redeemed_for_another_day() {
    let (shop, payments, order, claim) = with_payments("KEPT").await;
    pay(&payments, &order).await;
    shop.advance(SignedDuration::from_hours(72));
    let cancelled = cancel_by_admin(&shop, &id_of(&order)).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    let returned = shop.claims("ann").await.remove(0);
    let until = json!(shop.now() + SignedDuration::from_hours(24));
    assert_eq!(
        (&returned["status"], &returned["redeemable_until"]),
        (&json!("ISSUED"), &until)
    );
    shop.advance(SignedDuration::from_hours(23));
    let next = place(&shop, "ann", "2", &[("tea", 1)], &claim).await;
    assert_eq!(next.status, 201, "{next:?}");
    assert_eq!(next.body["totals"]["discount"], amount(300));
}

#[tokio::test]
async fn the_shops_cancellation_does_not_shorten_the_time_of_a_coupon_and_a_customers_does_not_extend_it() {
    let (shop, payments, order, _) = with_payments("RETURNED").await;
    pay(&payments, &order).await;
    let before = shop.claims("ann").await.remove(0);
    cancel_by_admin(&shop, &id_of(&order)).await;
    let after = shop.claims("ann").await.remove(0);
    assert_eq!(after["status"], "ISSUED");
    assert_eq!(after["redeemable_until"], before["redeemable_until"]);

    let (shop, payments, order, _) = with_payments("RETURNED").await;
    pay(&payments, &order).await;
    shop.advance(SignedDuration::from_hours(72));
    let cancelled = shop.cancel("ann", &id_of(&order)).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    assert_eq!(shop.claim_status("ann").await, "EXPIRED");
}

#[tokio::test]
async fn a_revoked_coupon_is_neither_claimed_nor_redeemed_and_stays_with_the_order_that_has_it() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let (anns, bobs) = (shop.claimed("ann", &coupon).await, shop.claimed("bob", &coupon).await);
    let order = place(&shop, "ann", "k", &[("tea", 2)], &anns).await;
    let revoked = shop.change(&coupon, &json!({ "revoked_at": shop.now() })).await;
    assert_eq!(
        (revoked.status, &revoked.body["revoked_at"]),
        (200, &json!(shop.now())),
        "{revoked:?}"
    );
    for refused in [
        quote(&shop, "bob", &[("tea", 1)], &bobs).await,
        place(&shop, "bob", "k", &[("tea", 1)], &bobs).await,
        shop.claim("eve", &coupon).await,
    ] {
        assert_eq!(seen(&refused), (409, "coupon-expired"));
        assert_eq!(refused.body["ended_at"], json!(shop.now()));
    }
    let kept = shop.see("ann", &id_of(&order)).await.body;
    assert_eq!(
        (&kept["status"], &kept["totals"]["discount"]),
        (&json!("PENDING_PAYMENT"), &amount(300))
    );
    assert_eq!(
        shop.change(&coupon, &json!({ "revoked_at": null })).await.status,
        200,
        "a revocation can be lifted"
    );
    let placed = place(&shop, "bob", "k", &[("tea", 1)], &bobs).await;
    assert_eq!(placed.status, 201, "{placed:?}");
}

#[tokio::test]
async fn a_warm_function_refuses_a_revoked_coupon_after_ten_seconds() {
    let (shop, claim) = claimed(&json!({})).await;
    let coupon = shop.claims("ann").await[0]["coupon_id"].as_str().unwrap().to_owned();
    let quotes = orders::create_quote::CreateQuote::new(&shop.platform()).unwrap();
    let ask = async || {
        let mut body = order_body(&[("tea", 1)]);
        body["coupon_claim_ids"] = json!([claim]);
        let call = Call::new("POST", "/quotes").by("ann").json(&body);
        call.send(shop.invocation(), |request, invocation| {
            orders::create_quote::handle(&quotes, request, invocation)
        })
        .await
    };
    assert_eq!(ask().await.status, 200);
    assert_eq!(
        shop.change(&coupon, &json!({ "revoked_at": shop.now() })).await.status,
        200
    );
    shop.advance(SignedDuration::from_secs(10));
    assert_eq!(seen(&ask().await), (409, "coupon-expired"));
}

#[tokio::test]
async fn units_that_are_cancelled_one_by_one_bring_back_what_was_paid_and_keep_the_coupon() {
    let shop = FulfillmentFixture::open().await;
    let coupons = CouponsFixture::beside(shop.again());
    let coupon = coupons
        .coupon(&json!({ "benefit": { "kind": "PERCENT", "percent": 10 } }))
        .await;
    let claim = coupons.claimed("ann", &coupon).await;
    let mut body = order_body(&[("tea", 3), ("recipe", 2)]);
    body["coupon_claim_ids"] = json!([claim]);
    body["shipping_address"] = json!(function_tests::delivery::address());
    let order = shop.checkout(order_call("ann", "k", &[]).json(&body)).await;
    assert_eq!(order.status, 201, "{order:?}");
    pay(&shop, &order).await;
    let id = id_of(&order);
    for (nth, line) in ["1", "2", "1", "2"].into_iter().enumerate() {
        let cancelled = shop.cancel_lines("ann", &id, &format!("c{nth}"), &[(line, 1)]).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        let payment = shop.payment_of("ann", &id).await;
        shop.refund("RefundRequested", &payment).await.unwrap();
        assert_eq!(coupons.claim_status("ann").await, "REDEEMED");
    }
    let lines = shop.see("ann", &id).await.body["lines"].clone();
    let two_of_three = lines[0]["total"]["amount"].as_u64().unwrap() * 2 / 3;
    let refunded = |nth: usize| lines[nth]["refunded"]["amount"].as_u64().unwrap();
    assert!(refunded(0).abs_diff(two_of_three) <= 1, "{lines}");
    assert_eq!(lines[1]["refunded"], lines[1]["total"]);
    let last = shop.cancel_lines("ann", &id, "last", &[("1", 1)]).await;
    assert_eq!(last.body["status"], "CANCELLED");
    shop.refund("OrderCancelled", &last.body).await.unwrap();
    let charged = shop.charged();
    assert_eq!(charged.charged, charged.refunded);
    assert_eq!(
        coupons.claim_status("ann").await,
        "ISSUED",
        "the whole order is cancelled"
    );
}

#[tokio::test]
async fn a_coupon_whose_order_ends_while_it_is_looked_at_is_free() {
    let (shop, claim) = claimed(&json!({})).await;
    let order = place(&shop, "ann", "1", &[("tea", 1)], &claim).await;
    let platform = shop.platform();
    let deadline = shop.invocation().deadline;
    let coupons = CouponStore::new(&platform).unwrap();
    let id = CouponClaimId(claim.parse().unwrap());
    let read = coupons.claim(id, deadline).await.unwrap().unwrap();
    assert!(read.order_id.is_some());
    // Between the reads of the claim and of its order, the order is cancelled.
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.status, 200);
    let reservations = ReservationStore::for_all_orders(&platform).unwrap();
    let settled = reservations.settled_claim(read, &shop.invocation()).await.unwrap();
    assert_eq!(settled.order_id, None);
}

/// Ann pays her order at Stripe, but the order expires before the report arrives.
async fn paid_late() -> (CouponsFixture, PaymentFixture, Answer, String) {
    let (shop, payments, order, claim) = with_payments("RETURNED").await;
    let started = payments
        .start(start_call("ann", "start", "STRIPE", &id_of(&order)))
        .await;
    shop.advance(RESERVATION);
    payments
        .sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert_eq!(shop.claim_status("ann").await, "ISSUED");
    (shop, payments, order, claim)
}

/// Delivers the webhook, and then the event of the payment, twice.
async fn resolve(payments: &PaymentFixture, order: &Answer) {
    payments.deliver_all().await;
    let payment = payments.payment_of("ann", &id_of(order)).await;
    assert_eq!(payment["status"], "UNSERVABLE");
    for _ in 0..2 {
        payments.refund("PaymentUnservable", &payment).await.unwrap();
    }
}

#[tokio::test]
async fn money_that_comes_after_the_expiry_takes_the_coupon_again() {
    let (shop, payments, order, _) = paid_late().await;
    resolve(&payments, &order).await;
    let paid = shop.see("ann", &id_of(&order)).await.body;
    assert_eq!(
        (&paid["status"], &paid["coupons"]),
        (&json!("PAID"), &order.body["coupons"])
    );
    let claims = shop.claims("ann").await;
    assert_eq!(
        (&claims[0]["status"], &claims[0]["order_id"]),
        (&json!("REDEEMED"), &order.body["order_id"])
    );
    assert_eq!((payments.charged().charged, payments.charged().refunded), (3999, 0));
}

#[tokio::test]
async fn money_that_comes_after_another_order_has_the_coupon_is_paid_back() {
    let (shop, payments, late, claim) = paid_late().await;
    let second = place(&shop, "ann", "2", &[("tea", 1)], &claim).await;
    resolve(&payments, &late).await;
    assert_eq!(payments.order_status("ann", &id_of(&late)).await, "EXPIRED");
    assert_eq!((payments.charged().charged, payments.charged().refunded), (3999, 3999));
    assert_eq!(shop.claims("ann").await[0]["order_id"], second.body["order_id"]);
    assert_eq!(shop.engine.balance("tea").await.held, 1);
}

#[tokio::test]
async fn money_that_comes_late_ends_another_order_with_the_coupon_whose_time_has_passed_too() {
    let (shop, payments, late, claim) = paid_late().await;
    let second = place(&shop, "ann", "2", &[("tea", 1)], &claim).await;
    payments.deliver_all().await;
    shop.advance(RESERVATION);
    resolve(&payments, &late).await;
    assert_eq!(payments.order_status("ann", &id_of(&late)).await, "PAID");
    assert_eq!(payments.order_status("ann", &id_of(&second)).await, "EXPIRED");
    assert_eq!(shop.claims("ann").await[0]["order_id"], late.body["order_id"]);
}

#[tokio::test]
async fn an_order_with_a_coupon_takes_two_round_trips_once_its_terms_are_known() {
    let (shop, claim) = claimed(&json!({})).await;
    let checkout = orders::checkout::Checkout::new(&shop.platform()).unwrap();
    let send = async |key: &str| {
        shop.engine.faults.measure();
        let call = with_claim("ann", key, &[("tea", 1)], &claim);
        let answer = call
            .send(shop.invocation(), |request, invocation| {
                orders::checkout::handle(&checkout, request, invocation)
            })
            .await;
        (answer, shop.engine.faults.cost())
    };
    let (first, cost) = send("1").await;
    let requests = |of: &[&str]| of.iter().map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(
        cost.requests,
        requests(&["BatchGetItem", "GetItem", "TransactWriteItems"])
    );
    println!(
        "an order with a coupon: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert_eq!(shop.cancel("ann", &id_of(&first)).await.status, 200);
    let (second, cost) = send("2").await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(cost.requests, requests(&["BatchGetItem", "TransactWriteItems"]));
}

#[test]
fn the_total_of_every_quote_with_a_coupon_is_the_total_of_the_order() {
    static KEYS: AtomicU32 = AtomicU32::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shop = runtime.block_on(async {
        let shop = CouponsFixture::open().await;
        for (sku, won) in [("cup", 2299), ("pot", 33_000)] {
            shop.list(sku, won, 1).await;
            shop.receive(sku, 10_000).await;
        }
        shop.receive("tea", 10_000).await;
        shop
    });
    let sku = prop::sample::select(vec!["tea", "cup", "pot"]);
    let cart = prop::collection::vec((sku, 1..=5i64), 1..=4);
    let benefit = prop_oneof![
        (1..100_000u64).prop_map(|won| json!({ "kind": "FIXED", "amount": amount(won) })),
        (1..=100u8, 1..20_000u64)
            .prop_map(|(percent, cap)| json!({ "kind": "PERCENT", "percent": percent, "at_most": amount(cap) })),
    ];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(24));
    let outcome = runner.run(&(cart, benefit), |(cart, benefit)| {
        let key = KEYS.fetch_add(1, Ordering::SeqCst).to_string();
        let (quoted, order) = runtime.block_on(async {
            let coupon = shop.coupon(&json!({ "benefit": benefit, "total": null })).await;
            let claim = shop.claimed("ann", &coupon).await;
            let quoted = quote(&shop, "ann", &cart, &claim).await;
            (quoted, place(&shop, "ann", &key, &cart, &claim).await)
        });
        prop_assert_eq!(quoted.status, 200, "{:?}", quoted);
        prop_assert_eq!(order.status, 201, "{:?}", order);
        for part in ["lines", "totals"] {
            prop_assert_eq!(order.body.get(part), quoted.body.get(part), "{}", part);
        }
        let of = |value: &Value| value["amount"].as_u64().unwrap();
        let lines = order.body["lines"].as_array().unwrap();
        let shares: u64 = lines.iter().map(|line| of(&line["discount"])).sum();
        prop_assert_eq!(shares, of(&order.body["coupons"][0]["discount"]));
        for line in lines {
            let price = of(&line["unit_price"]) * line["quantity"].as_u64().unwrap();
            prop_assert_eq!(of(&line["discount"]) + of(&line["total"]), price);
        }
        Ok(())
    });
    outcome.unwrap();
}
