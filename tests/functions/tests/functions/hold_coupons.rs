//! Coupons of held seats: what they take off, the one order that has a claim, swaps, and the way back.

use function_tests::payment_fixture::{amount, start_call};
use function_tests::tickets_fixture::hold_call;
use function_tests::{CouponsFixture, PaymentFixture, RESERVATION, TicketsFixture, id_of, order_body, order_call};
use futures::future::join_all;
use harness::audit::check_seats;
use harness::engine::{COUPONS, ORDERS, SEATS};
use harness::faults::Cost;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use sandbox::Card;
use serde_json::{Value, json};

use crate::holds::{paid, selling};

/// How long seats are held, as the platform's `HOLD_MINUTES` says.
pub(crate) const HOLD: SignedDuration = SignedDuration::from_mins(8);

/// A showtime on sale in a shop with coupons, of which ann has claimed one.
pub(crate) struct House {
    pub(crate) seats: TicketsFixture,
    pub(crate) coupons: CouponsFixture,
    pub(crate) showtime: String,
    pub(crate) claim: String,
}

impl House {
    /// Ann has claimed a coupon with these fields. `scope` may name the showtime as `SHOWTIME`.
    pub(crate) async fn with(fields: &Value) -> Self {
        let (seats, showtime) = selling(2, 8).await;
        let coupons = CouponsFixture::beside(seats.again());
        let fields = fields.to_string().replace("SHOWTIME", &showtime);
        let coupon = coupons.coupon(&serde_json::from_str(&fields).unwrap()).await;
        let claim = coupons.claimed("ann", &coupon).await;
        Self {
            seats,
            coupons,
            showtime,
            claim,
        }
    }

    pub(crate) async fn hold(&self, customer: &str, key: &str, body: &Value) -> Answer {
        let call = hold_call(customer, key, &self.showtime, body);
        self.seats.call("hold-seats", call).await
    }

    /// Holds seats for ann with her claim.
    async fn hold_with_claim(&self, key: &str, seats: &[&str]) -> Answer {
        self.hold("ann", key, &self.body(seats)).await
    }

    fn body(&self, seats: &[&str]) -> Value {
        json!({ "seats": seats, "coupon_claim_ids": [self.claim] })
    }

    /// Replaces an order of ann, with a claim or without.
    async fn swap(&self, key: &str, order: &Answer, seats: &[&str], claim: Option<&str>) -> Answer {
        let mut body = json!({ "seats": seats, "replaces": order.body["order_id"] });
        if let Some(claim) = claim {
            body["coupon_claim_ids"] = json!([claim]);
        }
        self.hold("ann", key, &body).await
    }

    /// The order that has a claim, after a check that claims, seats and orders name each other.
    pub(crate) async fn owner(&self, claim: &str) -> Option<String> {
        let (orders, rows) = (self.seats.engine.items(ORDERS), self.seats.engine.items(SEATS));
        let (orders, rows) = (orders.await, rows.await);
        check_seats(&orders, &rows).unwrap();
        let claims = self.seats.engine.items(COUPONS).await;
        let claim = claims.iter().find(|item| item["coupon_claim_id"] == claim).unwrap();
        let owner = claim["order_id"].as_str().map(str::to_owned);
        assert_eq!(claim["status"] == "REDEEMED", owner.is_some(), "{claim}");
        owner
    }

    /// Places an order of a tea with a claim.
    async fn checkout(&self, key: &str) -> Answer {
        let mut body = order_body(&[("tea", 1)]);
        body["coupon_claim_ids"] = json!([self.claim]);
        self.seats.checkout(order_call("ann", key, &[]).json(&body)).await
    }

    async fn sell_tea(&self) {
        self.seats.list("tea", 1000, 1).await;
        self.seats.receive("tea", 5).await;
    }
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

fn discounts(order: &Answer) -> Vec<u64> {
    let lines = order.body["lines"].as_array().unwrap().iter();
    lines.map(|line| line["discount"]["amount"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_hold_redeems_a_claim_and_its_seats_share_the_discount() {
    let house = House::with(&json!({ "benefit": { "kind": "FIXED", "amount": amount(10_000) } })).await;
    let order = house.hold_with_claim("k", &["0-0-0", "0-0-1", "0-1-0"]).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(discounts(&order), [3846, 3846, 2308]);
    let totals = &order.body["totals"];
    assert_eq!(
        (&totals["discount"], &totals["total"]),
        (&amount(10_000), &amount(380_000))
    );
    assert_eq!(order.body["coupons"][0]["coupon_claim_id"], json!(house.claim));
    assert_eq!(order.body["coupons"][0]["discount"], amount(10_000));
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&order)));
    assert_eq!(house.seats.engine.events(ORDERS).await[0].1["data"], order.body);
    let again = house.hold_with_claim("k", &["0-0-0", "0-0-1", "0-1-0"]).await;
    assert_eq!((again.status, again.replayed, &again.body), (201, true, &order.body));
    let payments = paid(&house.seats, "ann", &order).await;
    assert_eq!(payments.charged().charged, 380_000);
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&order)));
}

#[tokio::test]
async fn a_quote_of_seats_is_what_the_hold_costs_and_holds_nothing() {
    let house = House::with(&json!({ "benefit": { "kind": "FIXED", "amount": amount(10_000) } })).await;
    let quote = async |customer: &str, body: &Value| {
        let call = Call::new("POST", "/showtimes/{showtime_id}/quotes").path("showtime_id", &house.showtime);
        house
            .seats
            .call("create-seat-quote", call.by(customer).json(body))
            .await
    };
    let body = house.body(&["0-0-0", "0-0-1", "0-1-0"]);
    let quoted = quote("ann", &body).await;
    assert_eq!(
        (quoted.status, discounts(&quoted)),
        (200, vec![3846, 3846, 2308]),
        "{quoted:?}"
    );
    assert_eq!(house.owner(&house.claim).await, None);
    assert_eq!(house.seats.engine.count(ORDERS).await, 0);
    let order = house.hold("ann", "k", &body).await;
    for member in ["lines", "totals", "coupons"] {
        assert_eq!(quoted.body[member], order.body[member], "{member}");
    }
    // The coupon of the order that a hold would replace counts, and no other order's.
    let mut other = house.body(&["0-0-0"]);
    assert_eq!(seen(&quote("ann", &other).await), (409, "coupon-in-use"));
    other["replaces"] = order.body["order_id"].clone();
    let swap = quote("ann", &other).await;
    let swapped = house.swap("2", &order, &["0-0-0"], Some(&house.claim)).await;
    assert_eq!(
        (swap.status, &swap.body["totals"]),
        (200, &swapped.body["totals"]),
        "{swap:?}"
    );

    let of_seats = |seats: &[&str]| json!({ "seats": seats });
    assert_eq!(
        quote("bob", &of_seats(&["0-0-0"])).await.status,
        200,
        "it does not say what is free"
    );
    assert_eq!(
        seen(&quote("bob", &house.body(&["0-0-4"])).await),
        (422, "coupon-not-found")
    );
    assert_eq!(seen(&quote("bob", &of_seats(&["0-9-0"])).await), (422, "unknown-seats"));
    assert_eq!(seen(&quote("bob", &json!({})).await), (422, "invalid-hold"));
    let best = json!({ "best": { "class": "R", "count": 2 } });
    assert_eq!(seen(&quote("bob", &best).await), (400, "malformed-body"));
}

#[tokio::test]
async fn the_scope_of_a_coupon_names_showtimes_and_price_classes() {
    let percent = json!({ "kind": "PERCENT", "percent": 10 });
    let other = "018f0000-0000-7000-8000-000000000000";
    for (scope, expected) in [
        (json!({ "showtimes": ["SHOWTIME"] }), Some(vec![15_000, 9000])),
        (json!({ "classes": ["R"] }), Some(vec![0, 9000])),
        (
            json!({ "showtimes": [other, "SHOWTIME"], "classes": ["VIP"] }),
            Some(vec![15_000, 0]),
        ),
        (json!({ "showtimes": [other] }), None),
        (json!({ "classes": ["S"] }), None),
        (json!({ "showtimes": [other], "classes": ["VIP"] }), None),
        (json!({ "skus": ["tea"] }), None),
    ] {
        let house = House::with(&json!({ "benefit": percent, "scope": scope })).await;
        let order = house.hold_with_claim("k", &["0-0-0", "0-1-0"]).await;
        match expected {
            Some(expected) => assert_eq!(discounts(&order), expected, "{scope}"),
            None => {
                assert_eq!(seen(&order), (422, "coupon-not-applicable"), "{scope}");
                assert_eq!(house.owner(&house.claim).await, None);
                assert_eq!(house.seats.engine.count(ORDERS).await, 0);
            }
        }
    }
}

#[tokio::test]
async fn a_coupon_that_a_hold_cannot_redeem_is_refused_as_by_a_checkout() {
    let house = House::with(&json!({ "minimum_subtotal": amount(300_000) })).await;
    let small = house.hold_with_claim("1", &["0-0-0"]).await;
    assert_eq!(seen(&small), (422, "coupon-minimum-not-reached"));
    assert_eq!(small.body["eligible_subtotal"], amount(150_000));
    let body = house.body(&["0-0-0", "0-0-1"]);
    let foreign = house.hold("bob", "2", &body).await;
    assert_eq!(seen(&foreign), (422, "coupon-not-found"));
    let mut told = body.clone();
    told["expected_total"] = amount(300_000);
    let differs = house.hold("ann", "3", &told).await;
    assert_eq!(seen(&differs), (409, "total-differs"));
    assert_eq!(differs.body["total"], amount(299_700));
    told["expected_total"] = differs.body["total"].clone();
    assert_eq!(house.owner(&house.claim).await, None);
    assert_eq!(house.hold("ann", "4", &told).await.status, 201);

    let euros = json!({
        "currency": "EUR", "benefit": { "kind": "FIXED", "amount": { "amount": 300, "currency": "EUR" } },
    });
    let house = House::with(&euros).await;
    assert_eq!(
        seen(&house.hold_with_claim("k", &["0-0-0"]).await),
        (422, "coupon-currency-differs")
    );
    let short = json!({ "redeemable_until": house.seats.now() + SignedDuration::from_hours(24) });
    let house = House::with(&short).await;
    house.seats.advance(SignedDuration::from_hours(24));
    assert_eq!(
        seen(&house.hold_with_claim("k", &["0-0-0"]).await),
        (409, "coupon-expired")
    );
    assert_eq!(house.seats.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn a_coupon_that_takes_all_off_pays_for_the_seats_at_once_and_comes_back_with_them() {
    let house = House::with(&json!({ "benefit": { "kind": "PERCENT", "percent": 100 } })).await;
    let order = house.hold_with_claim("k", &["0-0-0"]).await;
    assert_eq!(
        (order.status, &order.body["status"]),
        (201, &json!("PAID")),
        "{order:?}"
    );
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&order)));
    house.seats.advance(HOLD);
    assert_eq!(house.seats.expire_orders().await.unwrap().processed, 0);
    let second = house.hold("ann", "2", &json!({ "seats": ["0-1-0"] })).await;
    assert_eq!(second.status, 201, "a free order uses no time: {second:?}");
    let cancel = harness::gateway::Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id_of(&order));
    let cancelled = house.seats.cancel_order(cancel.by_admin().key("c")).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(house.owner(&house.claim).await, None);
}

#[tokio::test]
async fn of_a_hold_and_a_checkout_at_once_one_has_the_coupon() {
    for _ in 0..6 {
        let house = House::with(&json!({})).await;
        house.sell_tea().await;
        let (held, ordered) = tokio::join!(house.hold_with_claim("h", &["0-0-0"]), house.checkout("c"));
        let (winner, loser) = match (held.status, ordered.status) {
            (201, 409) => (held, ordered),
            (409, 201) => (ordered, held),
            _ => panic!("{held:?} {ordered:?}"),
        };
        assert_eq!(seen(&loser), (409, "coupon-in-use"));
        assert_eq!(loser.body["order_id"], winner.body["order_id"]);
        assert_eq!(house.owner(&house.claim).await, Some(id_of(&winner)));
        assert_eq!(house.seats.engine.count(ORDERS).await, 1, "the loser has nothing");
    }
}

#[tokio::test]
async fn of_two_holds_of_two_showtimes_at_once_one_has_the_coupon_and_the_same_request_is_one_hold() {
    let house = House::with(&json!({})).await;
    let hall = house.seats.hall("Asia/Seoul", 1, 2, 4).await;
    let other = house.seats.on_sale(&hall).await;
    let body = house.body(&["0-0-0"]);
    let calls = [&house.showtime, &other, &house.showtime, &other].map(|showtime| {
        let key = format!("k-{showtime}");
        house.seats.call("hold-seats", hold_call("ann", &key, showtime, &body))
    });
    let answers = join_all(calls).await;
    let owner = house.owner(&house.claim).await.unwrap();
    assert_eq!(answers[0].status, answers[2].status);
    assert_eq!(answers[1].status, answers[3].status);
    let held: Vec<String> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(id_of)
        .collect();
    assert_eq!(held, [owner.clone(), owner]);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(seen(answer), (409, "coupon-in-use"), "{answer:?}");
    }
}

#[tokio::test]
async fn an_expired_hold_leaves_its_coupon_to_the_next_order_and_not_before() {
    let house = House::with(&json!({})).await;
    house.sell_tea().await;
    let held = house.hold_with_claim("h", &["0-0-0"]).await;
    house.seats.advance(HOLD - SignedDuration::from_millis(1));
    assert_eq!(seen(&house.checkout("1").await), (409, "coupon-in-use"));
    house.seats.advance(SignedDuration::from_millis(1));
    let order = house.checkout("2").await;
    assert_eq!(order.status, 201, "nobody has to wait for expire-orders: {order:?}");
    assert_eq!(house.coupons.see("ann", &id_of(&held)).await.body["status"], "EXPIRED");
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&order)));
    house.seats.advance(RESERVATION);
    let again = house.hold_with_claim("h2", &["0-0-0"]).await;
    assert_eq!(again.status, 201, "the order of tea has expired: {again:?}");
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&again)));
    assert_eq!(house.seats.engine.balance("tea").await.held, 0);
}

#[tokio::test]
async fn a_hold_gives_its_coupon_back_when_it_expires_or_is_cancelled_or_its_seat_is_taken_by_another() {
    for ending in ["expire", "cancel", "taken", "blocked"] {
        let house = House::with(&json!({ "on_cancellation": "KEPT" })).await;
        let held = house.hold_with_claim("1", &["0-0-0"]).await;
        if ending != "cancel" {
            house.seats.advance(HOLD);
        }
        match ending {
            "expire" => assert_eq!(house.seats.expire_orders().await.unwrap().processed, 1),
            "cancel" => assert_eq!(house.seats.cancel("ann", &id_of(&held)).await.status, 200),
            "taken" => assert_eq!(house.hold("bob", "b", &json!({ "seats": ["0-0-0"] })).await.status, 201),
            _ => {
                let blocked = house
                    .seats
                    .change_seats("block-seats", &house.showtime, "block", &["0-0-0"]);
                assert_eq!(blocked.await.status, 200);
            }
        }
        assert_eq!(house.owner(&house.claim).await, None, "{ending}");
        let ended = house.coupons.see("ann", &id_of(&held)).await.body;
        assert_eq!(ended["coupons"][0]["returned_at"], ended["closed_at"], "{ending}");
        let again = house.hold_with_claim("2", &["0-1-0"]).await;
        assert_eq!(again.status, 201, "{ending}: {again:?}");
    }
}

#[tokio::test]
async fn a_swap_keeps_changes_takes_or_drops_the_coupon() {
    let house = House::with(&json!({})).await;
    let coupon = house.coupons.coupon(&json!({})).await;
    let (mine, other) = (house.claim.as_str(), house.coupons.claimed("ann", &coupon).await);
    let other = other.as_str();
    let mut order = house.hold_with_claim("0", &["0-0-0"]).await;
    let steps = [Some(mine), Some(other), None, Some(other), Some(other), Some(mine)];
    for (nth, claim) in steps.into_iter().enumerate() {
        let seats = [["0-0-0"], ["0-1-0"]][nth % 2];
        let next = house.swap(&format!("s{nth}"), &order, &seats, claim).await;
        assert_eq!(next.status, 201, "{nth}: {next:?}");
        assert_eq!(discounts(&next), [if claim.is_some() { 300 } else { 0 }]);
        assert_eq!(next.body["coupons"].is_array(), claim.is_some());
        let old = house.coupons.see("ann", &id_of(&order)).await.body;
        assert_eq!(old["status"], "CANCELLED");
        if order.body["coupons"].is_array() {
            assert_eq!(old["coupons"][0]["returned_at"], old["closed_at"], "{nth}");
        }
        for known in [mine, other] {
            let expected = (claim == Some(known)).then(|| id_of(&next));
            assert_eq!(house.owner(known).await, expected, "{nth}");
        }
        order = next;
    }
    let again = house.swap("s5", &order, &["0-1-0"], Some(mine)).await;
    assert_eq!(
        seen(&again),
        (422, "idempotency-key-reused"),
        "the key was used with another order: {again:?}"
    );
}

#[tokio::test]
async fn a_swap_keeps_the_coupon_of_the_replaced_order_after_the_time_to_redeem_it() {
    let house = House::with(&json!({})).await;
    house
        .seats
        .advance(SignedDuration::from_hours(48) - SignedDuration::from_mins(1));
    let order = house.hold_with_claim("1", &["0-0-0"]).await;
    assert_eq!(order.status, 201, "{order:?}");
    house.seats.advance(SignedDuration::from_mins(2));
    let kept = house.swap("2", &order, &["0-0-0", "0-0-1"], Some(&house.claim)).await;
    assert_eq!((kept.status, discounts(&kept)), (201, vec![150, 150]), "{kept:?}");
    let dropped = house.swap("3", &kept, &["0-0-0"], None).await;
    assert_eq!(dropped.status, 201, "{dropped:?}");
    let late = house.swap("4", &dropped, &["0-0-0"], Some(&house.claim)).await;
    assert_eq!(seen(&late), (409, "coupon-expired"));
}

#[tokio::test]
async fn a_swap_keeps_a_coupon_that_was_revoked_and_a_new_hold_is_refused_it() {
    let house = House::with(&json!({})).await;
    let coupon = house.coupons.claims("ann").await[0]["coupon_id"].clone();
    let order = house.hold_with_claim("1", &["0-0-0"]).await;
    let revoked = json!({ "revoked_at": house.seats.now() });
    let revoked = house.coupons.change(coupon.as_str().unwrap(), &revoked).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let kept = house.swap("2", &order, &["0-0-0", "0-0-1"], Some(&house.claim)).await;
    assert_eq!((kept.status, discounts(&kept)), (201, vec![150, 150]), "{kept:?}");
    let dropped = house.swap("3", &kept, &["0-0-0"], None).await;
    assert_eq!(dropped.status, 201, "{dropped:?}");
    let late = house.swap("4", &dropped, &["0-0-0"], Some(&house.claim)).await;
    assert_eq!(seen(&late), (409, "coupon-expired"));
}

#[tokio::test]
async fn the_seats_of_a_moved_showtime_give_their_coupon_back_for_another_day() {
    let house = House::with(&json!({ "on_cancellation": "KEPT" })).await;
    let order = house.hold_with_claim("1", &["0-0-0"]).await;
    paid(&house.seats, "ann", &order).await;
    house.seats.advance(SignedDuration::from_hours(72));
    let moved = json!({ "local_start": "2026-03-08T19:00:00" });
    assert_eq!(house.seats.change(&house.showtime, &moved).await.status, 200);
    let cancelled = house.seats.cancel("ann", &id_of(&order)).await;
    assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
    let returned = house.coupons.claims("ann").await.remove(0);
    let until = json!(house.seats.now() + SignedDuration::from_hours(24));
    assert_eq!(
        (&returned["status"], &returned["redeemable_until"]),
        (&json!("ISSUED"), &until)
    );
}

#[tokio::test]
async fn the_time_of_a_coupon_is_extended_once_however_often_the_shop_cancels() {
    let house = House::with(&json!({ "on_cancellation": "KEPT" })).await;
    let hour = SignedDuration::from_hours(1);
    let cancel = async |order: &Answer| {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id_of(order));
        let cancelled = house.seats.cancel_order(call.by_admin().key(&id_of(order))).await;
        assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
        house.coupons.claims("ann").await.remove(0)
    };
    let first = house.hold_with_claim("1", &["0-0-0"]).await;
    paid(&house.seats, "ann", &first).await;
    house.seats.advance(hour * 72);
    let returned = cancel(&first).await;
    let until = json!(house.seats.now() + hour * 24);
    assert_eq!(
        (
            &returned["status"],
            &returned["redeemable_until"],
            &returned["is_extended"]
        ),
        (&json!("ISSUED"), &until, &json!(true))
    );
    let second = house.hold_with_claim("2", &["0-0-0"]).await;
    assert_eq!(second.status, 201, "{second:?}");
    paid(&house.seats, "ann", &second).await;
    house.seats.advance(hour);
    let again = cancel(&second).await;
    assert_eq!(
        (&again["status"], &again["redeemable_until"]),
        (&json!("ISSUED"), &until),
        "it keeps the time of the first extension"
    );
    house.seats.advance(hour * 23);
    let late = house.hold_with_claim("3", &["0-0-0"]).await;
    assert_eq!(seen(&late), (409, "coupon-expired"));
}

#[tokio::test]
async fn a_swap_that_fails_leaves_the_coupon_with_the_order() {
    let house = House::with(&json!({ "minimum_subtotal": amount(200_000) })).await;
    let order = house.hold_with_claim("1", &["0-0-0", "0-0-1"]).await;
    house.hold("bob", "b", &json!({ "seats": ["0-0-2"] })).await;
    let claim = Some(house.claim.as_str());
    let small = house.swap("2", &order, &["0-0-0"], claim).await;
    assert_eq!(seen(&small), (422, "coupon-minimum-not-reached"));
    let taken = house.swap("3", &order, &["0-0-1", "0-0-2"], claim).await;
    assert_eq!(seen(&taken), (409, "seats-taken"));
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&order)));
    assert_eq!(
        house.coupons.see("ann", &id_of(&order)).await.body["status"],
        "PENDING_PAYMENT"
    );
}

#[tokio::test]
async fn swaps_and_a_checkout_at_once_leave_the_coupon_with_one_order() {
    for nth in 0..8 {
        let house = House::with(&json!({})).await;
        house.sell_tea().await;
        let order = house.hold_with_claim("1", &["0-0-0"]).await;
        let claim = (nth % 2 == 0).then_some(house.claim.as_str());
        let (one, two, ordered) = tokio::join!(
            house.swap("2", &order, &["0-0-0", "0-0-1"], claim),
            house.swap("3", &order, &["0-1-0", "0-1-1"], claim),
            house.checkout("c"),
        );
        let swapped = [&one, &two].into_iter().filter(|answer| answer.status == 201);
        assert_eq!(swapped.count(), 1, "{one:?} {two:?}");
        if claim.is_some() {
            assert_eq!(seen(&ordered), (409, "coupon-in-use"), "the claim was never free");
        }
        // Fails if a claim and its order do not name each other.
        let owner = house.owner(&house.claim).await;
        let placed = [&one, &two, &ordered].into_iter().filter(|answer| answer.status == 201);
        let mut with_coupon = placed.filter(|answer| answer.body["coupons"].is_array());
        assert_eq!(owner, with_coupon.next().map(id_of), "{one:?} {two:?} {ordered:?}");
        assert!(with_coupon.next().is_none());
    }
}

/// Ann pays a hold with a coupon at Stripe, but it expires before the report arrives.
async fn paid_late(house: &House) -> (Answer, PaymentFixture) {
    let order = house.hold_with_claim("late", &["0-0-0"]).await;
    let payments = PaymentFixture::in_shop(house.seats.again()).await;
    let started = payments
        .start(start_call("ann", "start", "STRIPE", &id_of(&order)))
        .await;
    house.seats.advance(HOLD);
    let reference = started.body["reference"].as_str().unwrap();
    payments.sandbox.stripe_pay(reference, &Card::Good);
    assert_eq!(house.seats.expire_orders().await.unwrap().processed, 1);
    assert_eq!(house.owner(&house.claim).await, None);
    (order, payments)
}

async fn resolve(payments: &PaymentFixture, order: &Answer) {
    payments.deliver_all().await;
    let payment = payments.payment_of("ann", &id_of(order)).await;
    assert_eq!(payment["status"], "UNSERVABLE");
    for _ in 0..2 {
        payments.refund("PaymentUnservable", &payment).await.unwrap();
    }
}

#[tokio::test]
async fn money_that_comes_late_takes_the_seats_and_the_coupon_again() {
    let house = House::with(&json!({})).await;
    let (order, payments) = paid_late(&house).await;
    resolve(&payments, &order).await;
    let order_now = house.coupons.see("ann", &id_of(&order)).await.body;
    assert_eq!(order_now["status"], "PAID");
    assert_eq!(order_now["coupons"], order.body["coupons"]);
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&order)));
    assert_eq!((payments.charged().charged, payments.charged().refunded), (149_700, 0));
}

#[tokio::test]
async fn money_that_comes_after_another_order_has_the_coupon_goes_back_though_the_seats_are_free() {
    let house = House::with(&json!({})).await;
    house.sell_tea().await;
    let (order, payments) = paid_late(&house).await;
    let second = house.checkout("c").await;
    resolve(&payments, &order).await;
    assert_eq!(payments.order_status("ann", &id_of(&order)).await, "EXPIRED");
    assert_eq!(house.owner(&house.claim).await, Some(id_of(&second)));
    let charged = payments.charged();
    assert_eq!((charged.charged, charged.refunded), (149_700, 149_700));
}

#[tokio::test]
async fn seats_that_are_cancelled_one_by_one_bring_back_what_was_paid_for_each() {
    let house = House::with(&json!({ "benefit": { "kind": "FIXED", "amount": amount(10_000) } })).await;
    let order = house.hold_with_claim("k", &["0-0-0", "0-0-1", "0-0-2"]).await;
    assert_eq!(discounts(&order), [3334, 3333, 3333]);
    let payments = paid(&house.seats, "ann", &order).await;
    let id = id_of(&order);
    for (line, refunded) in [("2", 146_667), ("1", 293_333)] {
        let body = json!({ "lines": [{ "line_id": line, "quantity": 1 }] });
        let call = harness::gateway::Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id);
        let cancelled = house.seats.cancel_order(call.by_admin().key(line).json(&body)).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        let payment = payments.payment_of("ann", &id).await;
        payments.refund("RefundRequested", &payment).await.unwrap();
        assert_eq!(payments.charged().refunded, refunded);
        assert_eq!(house.owner(&house.claim).await, Some(id.clone()), "a part keeps it");
    }
}

#[tokio::test]
async fn a_hold_with_a_coupon_takes_two_requests_once_its_terms_are_known() {
    let house = House::with(&json!({})).await;
    let function = house.seats.handler("hold-seats");
    let customer = "ann";
    let hold = |key: &str, body: &Value| hold_call(customer, key, &house.showtime, body);
    // The function learns the showtime's performance and the coupon's terms.
    let with_claim = house.body(&["0-1-0", "0-1-1", "0-1-2", "0-1-3"]);
    let first = house.seats.call_with(&function, hold("1", &with_claim)).await;
    let mut swap = house.body(&["0-0-0", "0-0-1", "0-0-2", "0-0-3"]);
    swap["replaces"] = first.body["order_id"].clone();
    let requests = |cost: &Cost| cost.requests.values().sum::<u32>();
    house.seats.engine.faults.measure();
    let swapped = house.seats.call_with(&function, hold("2", &swap)).await;
    let cost = house.seats.engine.faults.cost();
    assert_eq!((swapped.status, requests(&cost)), (201, 3), "{cost:?}");
    println!(
        "a swap with a coupon: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert_eq!(house.seats.cancel("ann", &id_of(&swapped)).await.status, 200);
    house.seats.engine.faults.measure();
    let third = house.seats.call_with(&function, hold("3", &with_claim)).await;
    let cost = house.seats.engine.faults.cost();
    println!(
        "a hold of four seats with a coupon: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    // One for the order that the customer had before.
    assert_eq!((third.status, requests(&cost)), (201, 3), "{cost:?}");
    let body = json!({ "seats": ["0-0-0"], "coupon_claim_ids": [house.claim] });
    house.seats.engine.faults.measure();
    let refused = house
        .seats
        .call_with(
            &function,
            hold_call("bob", "4", &house.showtime, &house.body(&["0-1-0"])),
        )
        .await;
    let cost = house.seats.engine.faults.cost();
    assert_eq!(seen(&refused), (409, "seats-taken"), "{body}");
    assert_eq!((requests(&cost), cost.write_units), (1, 0.0), "{cost:?}");
}
