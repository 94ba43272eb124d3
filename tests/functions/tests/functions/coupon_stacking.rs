//! Two coupons of one order: that of the seller first, and that of the platform on what it left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use function_tests::fulfillment_fixture::FulfillmentFixture;
use function_tests::payment_fixture::{amount, start_call, toss_call};
use function_tests::{CouponsFixture, PaymentFixture, RESERVATION, Shop, id_of, order_body, order_call};
use harness::Fault;
use harness::engine::{COUPONS, ORDERS};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use proptest::prelude::*;
use sandbox::Card;
use serde_json::{Value, json};
use tokio::task::JoinSet;

type Items<'a> = &'a [(&'a str, i64)];

/// Three products that cost 33,000 won each.
const POTS: Items<'_> = &[("pot-a", 1), ("pot-b", 1), ("pot-c", 1)];

fn fixed(won: u64) -> Value {
    json!({ "benefit": { "kind": "FIXED", "amount": amount(won) } })
}

fn percent(percent: u8) -> Value {
    json!({ "benefit": { "kind": "PERCENT", "percent": percent } })
}

fn with_claims(customer: &str, key: &str, items: Items<'_>, claims: &[&str]) -> Call {
    let mut body = order_body(items);
    body["coupon_claim_ids"] = json!(claims);
    order_call(customer, key, &[]).json(&body)
}

async fn place(shop: &Shop, key: &str, items: Items<'_>, claims: &[&str]) -> Answer {
    shop.checkout(with_claims("ann", key, items, claims)).await
}

async fn quote(shop: &Shop, items: Items<'_>, claims: &[&str]) -> Answer {
    let mut body = order_body(items);
    body["coupon_claim_ids"] = json!(claims);
    shop.create_quote(Call::new("POST", "/quotes").by("ann").json(&body))
        .await
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// Ann's claim of a new coupon of this class, with these fields.
async fn claimed(shop: &CouponsFixture, class: &str, fields: &Value) -> String {
    let mut fields = fields.clone();
    fields["class"] = json!(class);
    let coupon = shop.coupon(&fields).await;
    shop.claimed("ann", &coupon).await
}

/// A shop that sells the pots, in which ann has claimed a coupon of each class, that of the seller first.
async fn with_pair(seller: &Value, platform: &Value) -> (CouponsFixture, [String; 2]) {
    let shop = CouponsFixture::open().await;
    for (pot, _) in POTS {
        shop.list(pot, 33_000, 1).await;
        shop.receive(pot, 5).await;
    }
    let claims = [
        claimed(&shop, "SELLER", seller).await,
        claimed(&shop, "PLATFORM", platform).await,
    ];
    (shop, claims)
}

/// The orders that have these claims, after a check of their status.
async fn owners(shop: &Shop, claims: &[&str]) -> Vec<Option<String>> {
    let items = shop.engine.items(COUPONS).await;
    let owner = |claim: &&str| {
        let is_it = |item: &&Value| item["pk"] == format!("CLAIM#{claim}");
        let claim = items.iter().find(is_it).unwrap();
        let owner = claim["order_id"].as_str().map(str::to_owned);
        assert_eq!(claim["status"] == "REDEEMED", owner.is_some(), "{claim}");
        owner
    };
    claims.iter().map(owner).collect()
}

/// The shares of both coupons in each line, and what is left of its price.
fn shares(order: &Value) -> Vec<[u64; 3]> {
    let of = |line: &Value, class: &str| {
        let shares = line["coupon_discounts"].as_array().into_iter().flatten();
        let of_class = shares.filter(|share| share["class"] == class);
        of_class.map(|share| share["amount"]["amount"].as_u64().unwrap()).sum()
    };
    let lines = order["lines"].as_array().unwrap().iter();
    let parts = lines.map(|line| {
        let total = line["total"]["amount"].as_u64().unwrap();
        [of(line, "SELLER"), of(line, "PLATFORM"), total]
    });
    parts.collect()
}

async fn pay(payments: &PaymentFixture, order: &Answer) {
    let id = id_of(order);
    let total = order.body["totals"]["total"]["amount"].as_u64().unwrap();
    let key = payments.sandbox.toss_authenticate(&id, total.cast_signed(), "KRW");
    let paid = payments.confirm(toss_call("ann", "pay", &id, &key, total)).await;
    assert_eq!(paid.status, 200, "{paid:?}");
}

#[tokio::test]
async fn the_platform_takes_its_part_of_what_the_seller_left_and_every_share_is_shown() {
    let (shop, claims) = with_pair(&fixed(10_000), &percent(10)).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    let quoted = quote(&shop, POTS, &[platform, seller]).await;
    assert_eq!(quoted.status, 200, "{quoted:?}");
    assert_eq!(owners(&shop, &[seller, platform]).await, [None, None]);
    let order = place(&shop, "k", POTS, &[platform, seller]).await;
    assert_eq!(order.status, 201, "{order:?}");
    for part in ["lines", "totals", "coupons"] {
        assert_eq!(order.body[part], quoted.body[part], "{part}");
    }
    // 10,000 of 99,000; then 10 % of 89,000.
    let expected = [[3334, 2966, 26_700], [3333, 2967, 26_700], [3333, 2967, 26_700]];
    assert_eq!(shares(&order.body), expected);
    let totals = &order.body["totals"];
    assert_eq!(
        (&totals["discount"], &totals["total"]),
        (&amount(18_900), &amount(80_100))
    );
    let coupons = order.body["coupons"].as_array().unwrap().iter();
    let coupons: Vec<_> = coupons
        .map(|coupon| (&coupon["class"], &coupon["coupon_claim_id"], &coupon["discount"]))
        .collect();
    assert_eq!(
        coupons,
        [
            (&json!("SELLER"), &json!(seller), &amount(10_000)),
            (&json!("PLATFORM"), &json!(platform), &amount(8900)),
        ]
    );
    let owner = Some(id_of(&order));
    assert_eq!(owners(&shop, &[seller, platform]).await, [owner.clone(), owner]);
    assert_eq!(shop.see("ann", &id_of(&order)).await.body, order.body);
    let listed = shop.list_orders(Call::new("GET", "/orders").by("ann")).await;
    assert_eq!(listed.body["items"], json!([order.body]));
    assert_eq!(shop.engine.events(ORDERS).await[0].1["data"], order.body);
    let payments = PaymentFixture::in_shop(shop.again()).await;
    pay(&payments, &order).await;
    assert_eq!(payments.charged().charged, 80_100);
    let receipt = Call::new("GET", "/orders/{order_id}/receipt").path("order_id", &id_of(&order));
    let receipt = shop.get_receipt(receipt.by("ann")).await;
    for part in ["lines", "totals"] {
        assert_eq!(receipt.body[part], order.body[part], "{part}");
    }
}

#[tokio::test]
async fn an_order_takes_one_coupon_of_each_class_and_each_claim_once() {
    let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    let other = claimed(&shop, "SELLER", &fixed(500)).await;
    for (claims, class) in [
        (&[seller, &other][..], Some("SELLER")),
        (&[platform, platform], None),
        (&[seller, platform, &other], None),
    ] {
        for answer in [place(&shop, "k", POTS, claims).await, quote(&shop, POTS, claims).await] {
            assert_eq!(seen(&answer), (422, "coupons-not-combinable"), "{answer:?}");
            let told = answer.body.get("class").and_then(Value::as_str);
            assert_eq!(told, class, "{answer:?}");
        }
    }
    shop.engine.faults.measure();
    place(&shop, "k", POTS, &[seller, seller]).await;
    assert!(shop.engine.faults.cost().requests.is_empty(), "nothing is read");
    assert_eq!(owners(&shop, &[seller, platform, &other]).await, [None, None, None]);
    assert_eq!(shop.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn the_class_of_a_coupon_is_that_of_the_seller_unless_it_is_named_and_does_not_change() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let public = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", &coupon);
    assert_eq!(shop.call("get-coupon", public).await.body["class"], "SELLER");
    let changed = shop.change(&coupon, &json!({ "class": "PLATFORM" })).await;
    assert_eq!(seen(&changed), (400, "malformed-body"));
    let invented = shop.create(&json!({ "class": "AFFILIATE" })).await;
    assert_eq!(seen(&invented), (400, "malformed-body"));
}

#[tokio::test]
async fn the_minimum_of_the_second_coupon_counts_what_the_first_left() {
    let mut platform = percent(10);
    platform["minimum_subtotal"] = amount(90_000);
    let (shop, claims) = with_pair(&fixed(10_000), &platform).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    for answer in [
        place(&shop, "k", POTS, &[seller, platform]).await,
        quote(&shop, POTS, &[seller, platform]).await,
    ] {
        assert_eq!(seen(&answer), (422, "coupon-minimum-not-reached"));
        let told = ["coupon_claim_id", "minimum_subtotal", "eligible_subtotal"].map(|member| &answer.body[member]);
        assert_eq!(told, [&json!(platform), &amount(90_000), &amount(89_000)]);
    }
    assert_eq!(owners(&shop, &[seller, platform]).await, [None, None]);
    assert_eq!(place(&shop, "l", POTS, &[platform]).await.status, 201);
}

#[tokio::test]
async fn a_coupon_for_which_the_first_left_nothing_is_refused_and_both_stay_unused() {
    let (shop, claims) = with_pair(&percent(100), &fixed(300)).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    for answer in [
        place(&shop, "k", POTS, &[seller, platform]).await,
        quote(&shop, POTS, &[seller, platform]).await,
    ] {
        assert_eq!(seen(&answer), (422, "coupon-not-applicable"));
        assert_eq!(answer.body["coupon_claim_id"], json!(platform));
    }
    assert_eq!(owners(&shop, &[seller, platform]).await, [None, None]);
    assert_eq!(shop.engine.count(ORDERS).await, 0);
}

#[tokio::test]
async fn two_coupons_that_take_all_off_make_an_order_that_is_paid_without_a_provider() {
    let (shop, claims) = with_pair(&fixed(10_000), &percent(100)).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    let order = place(&shop, "k", POTS, &[seller, platform]).await;
    assert_eq!(order.body["status"], "PAID", "{order:?}");
    assert_eq!(
        shares(&order.body),
        [[3334, 29_666, 0], [3333, 29_667, 0], [3333, 29_667, 0]]
    );
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.status, 200);
    assert_eq!(owners(&shop, &[seller, platform]).await, [None, None]);
}

#[tokio::test]
async fn each_coupon_has_its_own_scope() {
    let (mut seller, mut platform) = (percent(10), fixed(1000));
    seller["scope"] = json!({ "skus": ["pot-a"] });
    platform["scope"] = json!({ "skus": ["pot-b"] });
    let (shop, claims) = with_pair(&seller, &platform).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    let order = place(&shop, "k", POTS, &[seller, platform]).await;
    assert_eq!(
        shares(&order.body),
        [[3300, 0, 29_700], [0, 1000, 32_000], [0, 0, 33_000]]
    );
    let absent = &order.body["lines"][2];
    assert_eq!(absent.get("coupon_discounts"), None, "{absent}");
}

#[tokio::test]
async fn an_unpaid_order_gives_both_coupons_back_when_it_expires_or_is_cancelled() {
    for ending in ["expire", "cancel", "next order"] {
        let mut kept = fixed(300);
        kept["on_cancellation"] = json!("KEPT");
        let (shop, claims) = with_pair(&kept, &kept).await;
        let [seller, platform] = claims.each_ref().map(String::as_str);
        let first = place(&shop, "1", POTS, &[seller, platform]).await;
        let mut has = [None, None];
        match ending {
            "expire" => {
                shop.advance(RESERVATION);
                assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
            }
            "cancel" => assert_eq!(shop.cancel("ann", &id_of(&first)).await.status, 200),
            _ => {
                shop.advance(RESERVATION);
                // It wants one of the two, and ends the order that has both.
                let next = place(&shop, "2", POTS, &[platform]).await;
                assert_eq!(next.status, 201, "{next:?}");
                has[1] = Some(id_of(&next));
            }
        }
        assert_eq!(owners(&shop, &[seller, platform]).await, has, "{ending}");
        let ended = shop.see("ann", &id_of(&first)).await.body;
        for coupon in ended["coupons"].as_array().unwrap() {
            assert_eq!(coupon["returned_at"], ended["closed_at"], "{ending}");
        }
        assert_eq!(shares(&ended), shares(&first.body), "{ending}");
    }
}

#[tokio::test]
async fn each_coupon_of_a_paid_order_that_is_cancelled_follows_its_own_policy() {
    for (policies, by_admin) in [
        (["KEPT", "RETURNED"], false),
        (["RETURNED", "KEPT"], false),
        (["KEPT", "KEPT"], true),
    ] {
        let [seller, platform] = policies.map(|policy| {
            let mut fields = fixed(300);
            fields["on_cancellation"] = json!(policy);
            fields
        });
        let (shop, claims) = with_pair(&seller, &platform).await;
        let [seller, platform] = claims.each_ref().map(String::as_str);
        let order = place(&shop, "1", POTS, &[seller, platform]).await;
        let payments = PaymentFixture::in_shop(shop.again()).await;
        pay(&payments, &order).await;
        let id = id_of(&order);
        let cancelled = match by_admin {
            true => {
                let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id);
                shop.cancel_order(call.by_admin().key("c")).await
            }
            false => shop.cancel("ann", &id).await,
        };
        assert_eq!(cancelled.body["status"], "CANCELLED", "{cancelled:?}");
        payments.refund("OrderCancelled", &cancelled.body).await.unwrap();
        assert_eq!(
            (payments.charged().charged, payments.charged().refunded),
            (98_400, 98_400)
        );
        let expected = policies.map(|policy| (policy == "KEPT" && !by_admin).then(|| id.clone()));
        assert_eq!(owners(&shop, &[seller, platform]).await, expected, "{policies:?}");
    }
}

#[tokio::test]
async fn a_crash_at_the_end_of_an_order_leaves_both_coupons_or_none() {
    let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    let order = place(&shop, "1", POTS, &[seller, platform]).await;
    shop.advance(RESERVATION);
    shop.engine.faults.plan("TransactWriteItems", Fault::Denied);
    assert_eq!(shop.expire_orders().await.unwrap().failed, 1);
    let owner = Some(id_of(&order));
    assert_eq!(owners(&shop, &[seller, platform]).await, [owner.clone(), owner]);
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    shop.expire_orders().await.unwrap();
    assert_eq!(owners(&shop, &[seller, platform]).await, [None, None]);
}

#[tokio::test]
async fn a_retried_order_with_two_coupons_is_the_first_one() {
    for fault in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::Conflict(1),
        Fault::Conflict(2),
    ] {
        let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
        let [seller, platform] = claims.each_ref().map(String::as_str);
        shop.engine.faults.plan("TransactWriteItems", fault);
        let first = place(&shop, "k", POTS, &[seller, platform]).await;
        assert_eq!(first.status, 201, "{first:?}");
        let again = place(&shop, "k", POTS, &[seller, platform]).await;
        assert_eq!((again.status, again.replayed, again.body), (201, true, first.body));
        let with_one = place(&shop, "k", POTS, &[seller]).await;
        assert_eq!(with_one.problem(), "idempotency-key-reused");
        assert_eq!(shop.engine.count(ORDERS).await, 1);
    }
}

#[tokio::test]
async fn of_two_orders_at_once_for_one_of_two_claims_the_loser_has_none() {
    for _ in 0..8 {
        let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
        let third = claimed(&shop, "PLATFORM", &fixed(500)).await;
        let shop = Arc::new(shop);
        let pairs = [
            [claims[0].clone(), claims[1].clone()],
            [claims[0].clone(), third.clone()],
        ];
        let mut orders = JoinSet::new();
        for (nth, pair) in pairs.clone().into_iter().enumerate() {
            let shop = Arc::clone(&shop);
            orders.spawn(async move {
                let claims = pair.each_ref().map(String::as_str);
                (nth, place(&shop, &format!("k{nth}"), POTS, &claims).await)
            });
        }
        let answers = orders.join_all().await;
        let (placed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status == 201);
        let [(won, placed)] = placed.as_slice() else {
            panic!("{placed:?}")
        };
        for (_, answer) in &refused {
            assert_eq!(seen(answer), (409, "coupon-in-use"));
            assert_eq!(answer.body["coupon_claim_id"], json!(claims[0]));
        }
        let owner = Some(id_of(placed));
        let all = [claims[0].as_str(), &pairs[*won][1], &pairs[1 - won][1]];
        assert_eq!(owners(&shop, &all).await, [owner.clone(), owner, None]);
        assert_eq!(shop.engine.count(ORDERS).await, 1);
        for (pot, _) in POTS {
            assert_eq!(shop.engine.balance(pot).await.held, 1, "a refused order holds nothing");
        }
    }
}

/// Ann pays an order with two coupons at Stripe, but it expires before the report arrives.
async fn paid_late() -> (CouponsFixture, PaymentFixture, Answer, [String; 2]) {
    let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
    let [seller, platform] = claims.each_ref().map(String::as_str);
    let order = place(&shop, "k", POTS, &[seller, platform]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let call = start_call("ann", "start", "STRIPE", &id_of(&order));
    let started = payments.start(call).await;
    shop.advance(RESERVATION);
    payments
        .sandbox
        .stripe_pay(started.body["reference"].as_str().unwrap(), &Card::Good);
    assert_eq!(shop.expire_orders().await.unwrap().processed, 1);
    assert_eq!(owners(&shop, &[seller, platform]).await, [None, None]);
    (shop, payments, order, claims)
}

async fn resolve(payments: &PaymentFixture, order: &Answer) {
    payments.deliver_all().await;
    let payment = payments.payment_of("ann", &id_of(order)).await;
    for _ in 0..2 {
        payments.refund("PaymentUnservable", &payment).await.unwrap();
    }
}

#[tokio::test]
async fn money_that_comes_late_takes_both_coupons_again() {
    let (shop, payments, order, claims) = paid_late().await;
    resolve(&payments, &order).await;
    let paid = shop.see("ann", &id_of(&order)).await.body;
    assert_eq!(
        (&paid["status"], &paid["coupons"]),
        (&json!("PAID"), &order.body["coupons"])
    );
    let owner = Some(id_of(&order));
    let claims = claims.each_ref().map(String::as_str);
    assert_eq!(owners(&shop, &claims).await, [owner.clone(), owner]);
    assert_eq!((payments.charged().charged, payments.charged().refunded), (98_400, 0));
}

#[tokio::test]
async fn money_that_comes_after_another_order_has_one_of_the_coupons_is_paid_back_and_leaves_the_other() {
    for nth in 0..2 {
        let (shop, payments, late, claims) = paid_late().await;
        let second = place(&shop, "2", POTS, &[&claims[nth]]).await;
        assert_eq!(second.status, 201, "{second:?}");
        resolve(&payments, &late).await;
        assert_eq!(payments.order_status("ann", &id_of(&late)).await, "EXPIRED");
        assert_eq!(
            (payments.charged().charged, payments.charged().refunded),
            (98_400, 98_400)
        );
        let mut expected = [None, None];
        expected[nth] = Some(id_of(&second));
        let claims = claims.each_ref().map(String::as_str);
        assert_eq!(owners(&shop, &claims).await, expected);
    }
}

#[tokio::test]
async fn units_that_are_cancelled_one_by_one_bring_back_as_much_as_all_at_once() {
    let mut refunds = vec![];
    for one_by_one in [true, false] {
        let shop = FulfillmentFixture::open().await;
        let coupons = CouponsFixture::beside(shop.again());
        let claims = [
            claimed(&coupons, "SELLER", &percent(7)).await,
            claimed(&coupons, "PLATFORM", &fixed(777)).await,
        ];
        let mut body = order_body(&[("tea", 3), ("recipe", 2)]);
        body["coupon_claim_ids"] = json!(claims);
        body["shipping_address"] = json!(function_tests::delivery::address());
        let order = shop.checkout(order_call("ann", "k", &[]).json(&body)).await;
        assert_eq!(order.status, 201, "{order:?}");
        pay(&shop, &order).await;
        let id = id_of(&order);
        let parts: &[&[(&str, u32)]] = match one_by_one {
            true => &[&[("1", 1)], &[("2", 1)], &[("1", 1)], &[("2", 1)], &[("1", 1)]],
            false => &[&[("1", 3), ("2", 2)]],
        };
        for (nth, part) in parts.iter().enumerate() {
            let cancelled = shop.cancel_lines("ann", &id, &format!("c{nth}"), part).await;
            assert_eq!(cancelled.status, 200, "{cancelled:?}");
            let ended = cancelled.body["status"] == "CANCELLED";
            assert_eq!(ended, nth + 1 == parts.len());
            let payment = shop.payment_of("ann", &id).await;
            shop.refund("RefundRequested", &payment).await.unwrap();
            let claims = claims.each_ref().map(String::as_str);
            let owner = (!ended).then(|| id.clone());
            assert_eq!(
                owners(&coupons, &claims).await,
                [owner.clone(), owner],
                "a part keeps both"
            );
        }
        let charged = shop.charged();
        assert_eq!(charged.charged, charged.refunded);
        refunds.push(charged.refunded);
    }
    assert_eq!(refunds[0], refunds[1]);
}

#[tokio::test]
async fn an_order_with_two_coupons_takes_two_round_trips_once_their_terms_are_known() {
    let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
    let claims = claims.each_ref().map(String::as_str);
    let checkout = orders::checkout::Checkout::new(&shop.platform()).unwrap();
    let send = async |key: &str| {
        shop.engine.faults.measure();
        let call = with_claims("ann", key, POTS, &claims);
        let answer = call
            .send(shop.invocation(), |request, invocation| {
                orders::checkout::handle(&checkout, request, invocation)
            })
            .await;
        (answer, shop.engine.faults.cost())
    };
    let (first, _) = send("1").await;
    assert_eq!(shop.cancel("ann", &id_of(&first)).await.status, 200);
    let (second, cost) = send("2").await;
    assert_eq!(second.status, 201, "{second:?}");
    let requests = ["BatchGetItem", "TransactWriteItems"].map(|name| (name.to_owned(), 1));
    assert_eq!(cost.requests, requests.into());
    println!(
        "an order with two coupons: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
}

#[tokio::test]
async fn the_problem_names_the_one_of_two_claims_that_is_refused() {
    let (shop, claims) = with_pair(&fixed(300), &fixed(300)).await;
    let foreign = {
        let coupon = shop.coupon(&json!({ "class": "PLATFORM" })).await;
        shop.claimed("bob", &coupon).await
    };
    let unknown = "018f0000-0000-7000-8000-000000000000";
    for other in [foreign.as_str(), unknown] {
        for claims in [[claims[0].as_str(), other], [other, &claims[0]]] {
            let refused = place(&shop, "k", POTS, &claims).await;
            assert_eq!(seen(&refused), (422, "coupon-not-found"));
            assert_eq!(refused.body["coupon_claim_id"], json!(other));
        }
    }
    assert_eq!(owners(&shop, &[&claims[0], &foreign]).await, [None, None]);
    let first = place(&shop, "1", POTS, &[&claims[1]]).await;
    shop.advance(SignedDuration::from_secs(1));
    let refused = place(&shop, "2", POTS, &[&claims[0], &claims[1]]).await;
    assert_eq!(seen(&refused), (409, "coupon-in-use"));
    let told = ["coupon_claim_id", "order_id"].map(|member| &refused.body[member]);
    assert_eq!(told, [&json!(claims[1]), &first.body["order_id"]]);
}

#[test]
fn the_total_of_every_quote_with_two_coupons_is_the_total_of_the_order() {
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
    let benefit = || {
        prop_oneof![
            (1..30_000u64).prop_map(|won| json!({ "kind": "FIXED", "amount": amount(won) })),
            (1..=100u8, 1..20_000u64)
                .prop_map(|(percent, cap)| json!({ "kind": "PERCENT", "percent": percent, "at_most": amount(cap) })),
        ]
    };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(24));
    let outcome = runner.run(&(cart, benefit(), benefit()), |(cart, seller, platform)| {
        let key = KEYS.fetch_add(1, Ordering::SeqCst).to_string();
        let (quoted, order) = runtime.block_on(async {
            let mut claims = vec![];
            for (class, benefit) in [("SELLER", &seller), ("PLATFORM", &platform)] {
                claims.push(claimed(&shop, class, &json!({ "benefit": benefit, "total": null })).await);
            }
            let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
            let quoted = quote(&shop, &cart, &claims).await;
            (quoted, place(&shop, &key, &cart, &claims).await)
        });
        prop_assert_eq!(quoted.status == 200, order.status == 201, "{:?} {:?}", quoted, order);
        if order.status != 201 {
            // The seller's coupon has taken everything off.
            prop_assert_eq!(order.problem(), "coupon-not-applicable");
            prop_assert_eq!(quoted.problem(), order.problem());
            return Ok(());
        }
        for part in ["lines", "totals", "coupons"] {
            prop_assert_eq!(order.body.get(part), quoted.body.get(part), "{}", part);
        }
        let of = |value: &Value| value["amount"].as_u64().unwrap();
        let lines = shares(&order.body);
        let coupons = order.body["coupons"].as_array().unwrap();
        for (nth, coupon) in coupons.iter().enumerate() {
            prop_assert_eq!(
                lines.iter().map(|shares| shares[nth]).sum::<u64>(),
                of(&coupon["discount"])
            );
        }
        for (line, [first, second, total]) in order.body["lines"].as_array().unwrap().iter().zip(lines) {
            let price = of(&line["unit_price"]) * line["quantity"].as_u64().unwrap();
            prop_assert_eq!(first + second + total, price);
            prop_assert_eq!(first + second, of(&line["discount"]));
        }
        Ok(())
    });
    outcome.unwrap();
}
