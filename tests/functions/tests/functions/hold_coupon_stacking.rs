//! Two coupons of a hold of seats: their shares, swaps with another pair, and the way back.

use function_tests::payment_fixture::amount;
use function_tests::{CouponsFixture, id_of};
use harness::engine::ORDERS;
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

use crate::hold_coupons::{HOLD, House};
use crate::holds::paid;

/// A house, and ann's claims of two coupons of the seller and of two of the platform.
async fn with_pairs(seller: &Value, platform: &Value) -> (House, [String; 2], [String; 2]) {
    let house = House::with(seller).await;
    let other = claimed(&house.coupons, "SELLER", seller).await;
    let platforms = [
        claimed(&house.coupons, "PLATFORM", platform).await,
        claimed(&house.coupons, "PLATFORM", platform).await,
    ];
    let sellers = [house.claim.clone(), other];
    (house, sellers, platforms)
}

async fn claimed(coupons: &CouponsFixture, class: &str, fields: &Value) -> String {
    let mut fields = fields.clone();
    fields["class"] = json!(class);
    let coupon = coupons.coupon(&fields).await;
    coupons.claimed("ann", &coupon).await
}

async fn hold(house: &House, key: &str, seats: &[&str], claims: &[&str]) -> Answer {
    let body = json!({ "seats": seats, "coupon_claim_ids": claims });
    house.hold("ann", key, &body).await
}

async fn swap(house: &House, key: &str, order: &Answer, seats: &[&str], claims: &[&str]) -> Answer {
    let body = json!({ "seats": seats, "coupon_claim_ids": claims, "replaces": order.body["order_id"] });
    house.hold("ann", key, &body).await
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

fn shares(order: &Answer) -> Vec<Vec<u64>> {
    let lines = order.body["lines"].as_array().unwrap().iter();
    let shares = lines.map(|line| {
        let shares = line["coupon_discounts"].as_array().into_iter().flatten();
        shares
            .map(|share| share["amount"]["amount"].as_u64().unwrap())
            .collect()
    });
    shares.collect()
}

#[tokio::test]
async fn a_hold_redeems_two_claims_and_each_seat_has_its_share_of_both() {
    let seller = json!({ "benefit": { "kind": "PERCENT", "percent": 10 }, "scope": { "classes": ["R"] } });
    let platform = json!({ "benefit": { "kind": "FIXED", "amount": amount(10_000) } });
    let (house, sellers, platforms) = with_pairs(&seller, &platform).await;
    let pair = [platforms[0].as_str(), &sellers[0]];
    let mut body = json!({ "seats": ["0-0-0", "0-1-0"], "coupon_claim_ids": pair, "expected_total": amount(240_000) });
    let differs = house.hold("ann", "1", &body).await;
    assert_eq!(seen(&differs), (409, "total-differs"));
    body["expected_total"] = differs.body["total"].clone();
    let order = house.hold("ann", "2", &body).await;
    assert_eq!(order.status, 201, "{order:?}");
    // 9,000 of the R seat; then 10,000 over 150,000 and 81,000.
    assert_eq!(shares(&order), [vec![6494], vec![9000, 3506]]);
    let totals = &order.body["totals"];
    assert_eq!(
        (&totals["discount"], &totals["total"]),
        (&amount(19_000), &amount(221_000))
    );
    for claim in pair {
        assert_eq!(house.owner(claim).await, Some(id_of(&order)));
    }
    assert_eq!(house.seats.engine.events(ORDERS).await[0].1["data"], order.body);
    let again = house.hold("ann", "2", &body).await;
    assert_eq!((again.status, again.replayed, &again.body), (201, true, &order.body));
    let payments = paid(&house.seats, "ann", &order).await;
    let id = id_of(&order);
    for (line, refunded) in [("1", 143_506), ("2", 221_000)] {
        let body = json!({ "lines": [{ "line_id": line, "quantity": 1 }] });
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id);
        let cancelled = house.seats.cancel_order(call.by_admin().key(line).json(&body)).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        let payment = payments.payment_of("ann", &id).await;
        payments.refund("RefundRequested", &payment).await.unwrap();
        assert_eq!(payments.charged().refunded, refunded);
    }
    for claim in pair {
        assert_eq!(house.owner(claim).await, None, "the whole order is cancelled");
    }
}

#[tokio::test]
async fn a_hold_takes_one_coupon_of_each_class_and_the_second_is_judged_on_what_the_first_left() {
    let seller = json!({ "benefit": { "kind": "FIXED", "amount": amount(10_000) } });
    let platform = json!({ "minimum_subtotal": amount(150_000) });
    let (house, sellers, platforms) = with_pairs(&seller, &platform).await;
    let [seller, other] = sellers.each_ref().map(String::as_str);
    for (claims, class) in [(&[seller, other][..], Some("SELLER")), (&[seller, seller], None)] {
        let refused = hold(&house, "1", &["0-0-0"], claims).await;
        assert_eq!(seen(&refused), (422, "coupons-not-combinable"));
        assert_eq!(refused.body.get("class").and_then(Value::as_str), class);
    }
    let missed = hold(&house, "2", &["0-0-0"], &[seller, &platforms[0]]).await;
    assert_eq!(seen(&missed), (422, "coupon-minimum-not-reached"));
    assert_eq!(missed.body["eligible_subtotal"], amount(140_000));
    assert_eq!(missed.body["coupon_claim_id"], json!(platforms[0]));
    assert_eq!(house.seats.engine.count(ORDERS).await, 0);
    assert_eq!(hold(&house, "3", &["0-0-0"], &[&platforms[0]]).await.status, 201);
}

#[tokio::test]
async fn a_swap_keeps_each_coupon_that_it_names_and_gives_the_others_back() {
    let (house, sellers, platforms) = with_pairs(&json!({}), &json!({})).await;
    let [s1, s2] = sellers.each_ref().map(String::as_str);
    let [p1, p2] = platforms.each_ref().map(String::as_str);
    let mut order = hold(&house, "0", &["0-0-0"], &[s1, p1]).await;
    assert_eq!(order.status, 201, "{order:?}");
    let steps: [&[&str]; 8] = [&[s1, p1], &[p2, s1], &[s2, p1], &[p1], &[s1, p1], &[s2], &[], &[s1, p2]];
    for (nth, claims) in steps.into_iter().enumerate() {
        let seats = [["0-1-0"], ["0-0-0"]][nth % 2];
        let next = swap(&house, &format!("s{nth}"), &order, &seats, claims).await;
        assert_eq!(next.status, 201, "{nth}: {next:?}");
        let expected = 300 * claims.len() as u64;
        assert_eq!(next.body["totals"]["discount"], amount(expected), "{nth}");
        let old = house.coupons.see("ann", &id_of(&order)).await.body;
        for coupon in old["coupons"].as_array().into_iter().flatten() {
            assert_eq!(coupon["returned_at"], old["closed_at"], "{nth}");
        }
        for known in [s1, s2, p1, p2] {
            let expected = claims.contains(&known).then(|| id_of(&next));
            assert_eq!(house.owner(known).await, expected, "{nth}");
        }
        order = next;
    }
    let again = swap(&house, "same-class", &order, &["0-0-0"], &[s1, s2]).await;
    assert_eq!(seen(&again), (422, "coupons-not-combinable"));
    assert_eq!(
        house.owner(s1).await,
        Some(id_of(&order)),
        "a refused swap changes nothing"
    );
}

#[tokio::test]
async fn a_hold_that_expires_gives_both_coupons_back_and_not_before() {
    let kept = json!({ "on_cancellation": "KEPT" });
    let (house, sellers, platforms) = with_pairs(&kept, &kept).await;
    let pair = [sellers[0].as_str(), &platforms[0]];
    let order = hold(&house, "1", &["0-0-0"], &pair).await;
    house.seats.advance(HOLD - jiff::SignedDuration::from_millis(1));
    assert_eq!(house.seats.expire_orders().await.unwrap().processed, 0);
    for claim in pair {
        assert_eq!(house.owner(claim).await, Some(id_of(&order)));
    }
    house.seats.advance(jiff::SignedDuration::from_millis(1));
    assert_eq!(house.seats.expire_orders().await.unwrap().processed, 1);
    for claim in pair {
        assert_eq!(house.owner(claim).await, None);
    }
}

#[tokio::test]
async fn swaps_to_different_pairs_at_once_leave_each_claim_with_one_order_or_none() {
    for _ in 0..6 {
        let (house, sellers, platforms) = with_pairs(&json!({}), &json!({})).await;
        let [s1, s2] = sellers.each_ref().map(String::as_str);
        let [p1, p2] = platforms.each_ref().map(String::as_str);
        let order = hold(&house, "1", &["0-0-0"], &[s1, p1]).await;
        let (first, second) = ([s1, p2], [s2, p1]);
        let (one, two) = tokio::join!(
            swap(&house, "2", &order, &["0-0-0", "0-0-1"], &first),
            swap(&house, "3", &order, &["0-1-0", "0-1-1"], &second),
        );
        let (won, has, free) = match (one.status, two.status) {
            (201, 409 | 422) => (one, first, second),
            (409 | 422, 201) => (two, second, first),
            _ => panic!("{one:?} {two:?}"),
        };
        for claim in has {
            assert_eq!(house.owner(claim).await, Some(id_of(&won)));
        }
        for claim in free {
            assert_eq!(house.owner(claim).await, None);
        }
    }
}
