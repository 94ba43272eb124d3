//! Coupons: their definition, and the claims of customers.

use std::sync::Arc;

use coupons::store::CouponTable;
use function_tests::CouponsFixture;
use function_tests::coupons_fixture::{claim_call, create_call, update_call};
use harness::Fault;
use harness::engine::COUPONS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::core::actor::Actor;
use shared::coupons::CouponId;
use tokio::task::JoinSet;

fn won(amount: u64) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

async fn see(shop: &CouponsFixture, coupon: &str) -> Value {
    let call = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", coupon);
    shop.call("get-coupon", call).await.body
}

#[tokio::test]
async fn a_coupon_is_created_and_everybody_sees_it() {
    let shop = CouponsFixture::open().await;
    let body = shop.body(&json!({
        "benefit": { "kind": "PERCENT", "percent": 15, "at_most": won(10_000) },
        "minimum_subtotal": won(5000),
        "scope": { "skus": ["tea"], "categories": ["drinks/tea"], "classes": ["R"] },
    }));
    let created = shop.call("create-coupon", create_call("k", &body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(created.body[name], *value, "{name}");
    }
    assert_eq!(created.body["shards"], 16);
    let id = created.body["coupon_id"].as_str().unwrap();
    assert_eq!(see(&shop, id).await, created.body);
    let admin = Call::new("GET", "/admin/coupons/{coupon_id}")
        .path("coupon_id", id)
        .by_admin();
    assert_eq!(shop.call("get-admin-coupon", admin).await.body, created.body);
    let list = Call::new("GET", "/admin/coupons").by_admin();
    assert_eq!(
        shop.call("list-admin-coupons", list).await.body["items"],
        json!([created.body])
    );
    assert_eq!(shop.units_and_claims(id).await, (10, 0));
}

#[tokio::test]
async fn a_field_of_a_coupon_that_breaks_a_rule_is_named() {
    let shop = CouponsFixture::open().await;
    let now = shop.now();
    let later = |hours| json!(now + SignedDuration::from_hours(hours));
    let dollars = json!({ "amount": 5, "currency": "USD" });
    let many: Vec<String> = (0..101).map(|nth| format!("sku-{nth}")).collect();
    for (fields, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "benefit": { "kind": "FIXED", "amount": won(0) } }), "benefit"),
        (json!({ "benefit": { "kind": "FIXED", "amount": dollars } }), "benefit"),
        (json!({ "benefit": { "kind": "PERCENT", "percent": 0 } }), "benefit"),
        (json!({ "benefit": { "kind": "PERCENT", "percent": 101 } }), "benefit"),
        (
            json!({ "benefit": { "kind": "PERCENT", "percent": 5, "at_most": dollars } }),
            "benefit",
        ),
        (json!({ "minimum_subtotal": dollars }), "minimum_subtotal"),
        (json!({ "scope": {} }), "scope"),
        (json!({ "scope": { "skus": ["tea", "tea"] } }), "scope"),
        (json!({ "scope": { "skus": many } }), "scope"),
        (json!({ "total": 0 }), "total"),
        (json!({ "total": 100_000_001 }), "total"),
        (json!({ "total": null, "shards": 4 }), "shards"),
        (json!({ "claims_end_at": now }), "claims_end_at"),
        (
            json!({ "claims_start_at": later(-2), "claims_end_at": later(-1) }),
            "claims_end_at",
        ),
        (json!({ "redeemable_until": later(23) }), "redeemable_until"),
    ] {
        let refused = shop.create(&fields).await;
        assert_eq!((refused.status, refused.problem()), (422, "invalid-coupon"), "{fields}");
        assert_eq!(refused.body["field"], field, "{fields}");
    }
    let list = Call::new("GET", "/admin/coupons").by_admin();
    assert_eq!(shop.call("list-admin-coupons", list).await.body["items"], json!([]));
}

#[tokio::test]
async fn a_customer_claims_a_coupon_once_and_any_other_request_returns_that_claim() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let first = shop.claim("ann", &coupon).await;
    assert_eq!((first.status, first.replayed), (201, false), "{first:?}");
    assert_eq!(first.body["status"], "ISSUED");
    assert_eq!(
        first.body["redeemable_until"],
        see(&shop, &coupon).await["redeemable_until"]
    );
    for call in [claim_call("ann", &coupon), claim_call("ann", &coupon).key("another")] {
        let again = shop.call("claim-coupon", call).await;
        assert_eq!(
            (again.status, again.replayed, again.body),
            (201, true, first.body.clone())
        );
    }
    assert_eq!(shop.claims("ann").await, [first.body]);
    assert_eq!(shop.units_and_claims(&coupon).await, (9, 1), "a unit is taken once");
}

#[tokio::test]
async fn a_customer_who_claims_from_many_devices_at_once_takes_one_unit() {
    let shop = Arc::new(CouponsFixture::open().await);
    let coupon = shop.coupon(&json!({})).await;
    let mut claims = JoinSet::new();
    for _ in 0..8 {
        let (shop, coupon) = (Arc::clone(&shop), coupon.clone());
        claims.spawn(async move { shop.claim("ann", &coupon).await });
    }
    let answers = claims.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(shop.units_and_claims(&coupon).await, (9, 1));
}

#[tokio::test]
async fn another_account_is_another_customer_and_the_same_account_is_not() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let ann = shop.claim("ann", &coupon).await;
    let bob = shop.claim("bob", &coupon).await;
    assert_ne!(ann.body["coupon_claim_id"], bob.body["coupon_claim_id"]);
    assert!(!bob.replayed);
    assert_eq!(shop.claims("bob").await, [bob.body]);
}

async fn thirty_claimants_of_ten_units(shards: u8, conflicts: u32) {
    let shop = Arc::new(CouponsFixture::open().await);
    let coupon = shop.coupon(&json!({ "shards": shards })).await;
    shop.engine.faults.set_conflicts_per_mille(conflicts);
    let mut claims = JoinSet::new();
    for customer in 0..30 {
        let (shop, coupon) = (Arc::clone(&shop), coupon.clone());
        claims.spawn(async move { shop.claim(&format!("customer-{customer}"), &coupon).await });
    }
    let (mut claimed, mut refused) = (0, 0);
    for answer in claims.join_all().await {
        match answer.status {
            201 => claimed += 1,
            _ => {
                assert_eq!(
                    (answer.status, answer.problem()),
                    (409, "coupon-exhausted"),
                    "{answer:?}"
                );
                refused += 1;
            }
        }
    }
    assert_eq!((claimed, refused), (10, 20));
    assert_eq!(shop.units_and_claims(&coupon).await, (0, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_concurrent_claimants_of_ten_units_get_exactly_ten_claims() {
    for shards in [1, 4, 16, 64] {
        thirty_claimants_of_ten_units(shards, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_concurrent_claimants_under_conflicts_get_exactly_ten_claims() {
    thirty_claimants_of_ten_units(16, 200).await;
}

#[tokio::test]
async fn the_last_of_ten_units_is_not_refused_wherever_it_is() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": 10, "shards": 64 })).await;
    for customer in 0..10 {
        let claim = shop.claim(&format!("customer-{customer}"), &coupon).await;
        assert_eq!(claim.status, 201, "{claim:?}");
        assert_eq!(see(&shop, &coupon).await.get("exhausted_at"), None);
    }
    assert_eq!(shop.claim("late", &coupon).await.problem(), "coupon-exhausted");
    assert_eq!(see(&shop, &coupon).await["exhausted_at"], json!(shop.now()));
}

#[tokio::test]
async fn a_customer_who_has_claimed_gets_the_claim_after_the_coupon_is_exhausted_and_over() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": 1 })).await;
    let first = shop.claim("ann", &coupon).await;
    assert_eq!(shop.claim("bob", &coupon).await.problem(), "coupon-exhausted");
    assert!(shop.claim("ann", &coupon).await.replayed);
    shop.advance(SignedDuration::from_hours(48));
    let late = shop.claim("ann", &coupon).await;
    assert_eq!((late.status, late.replayed), (201, true));
    assert_eq!(late.body["coupon_claim_id"], first.body["coupon_claim_id"]);
    assert_eq!(late.body["status"], "EXPIRED");
    assert_eq!(shop.claim_status("ann").await, "EXPIRED");
}

#[tokio::test]
async fn a_coupon_opens_and_closes_to_the_millisecond() {
    let shop = CouponsFixture::open().await;
    let (opens, ends) = (
        shop.now() + SignedDuration::from_mins(1),
        shop.now() + SignedDuration::from_mins(2),
    );
    let coupon = shop
        .coupon(&json!({ "claims_start_at": opens, "claims_end_at": ends }))
        .await;
    let (minute, millisecond) = (SignedDuration::from_mins(1), SignedDuration::from_millis(1));
    shop.advance(minute - millisecond);
    let early = shop.claim("ann", &coupon).await;
    assert_eq!((early.status, early.problem()), (409, "coupon-not-open"));
    assert_eq!(early.body["claims_start_at"], json!(opens));
    shop.advance(millisecond);
    assert_eq!(shop.claim("ann", &coupon).await.status, 201);
    shop.advance(minute - millisecond);
    assert_eq!(shop.claim("bob", &coupon).await.status, 201);
    shop.advance(millisecond);
    let late = shop.claim("cid", &coupon).await;
    assert_eq!((late.status, late.problem()), (409, "coupon-expired"));
    assert_eq!(late.body["ended_at"], json!(ends));
    assert_eq!(shop.units_and_claims(&coupon).await, (8, 2));
}

#[tokio::test]
async fn early_claims_are_refused_from_memory() {
    let shop = CouponsFixture::open().await;
    let opens = shop.now() + SignedDuration::from_mins(1);
    let coupon = shop.coupon(&json!({ "claims_start_at": opens })).await;
    let function = shop.handler("claim-coupon");
    shop.engine.faults.measure();
    for customer in ["ann", "bob", "cid"] {
        let early = shop.call_with(&function, claim_call(customer, &coupon)).await;
        assert_eq!(early.problem(), "coupon-not-open");
    }
    let cost = shop.engine.faults.cost();
    assert_eq!(
        cost.requests,
        [("BatchGetItem".to_owned(), 1)].into(),
        "the coupon is read once"
    );
}

#[tokio::test]
async fn a_warm_function_claims_in_one_request_and_refuses_without_looking_at_the_shards() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": 2, "shards": 1 })).await;
    let function = shop.handler("claim-coupon");
    let claim = async |customer: &str| {
        shop.engine.faults.measure();
        let answer = shop.call_with(&function, claim_call(customer, &coupon)).await;
        (answer.status, shop.engine.faults.cost())
    };
    let requests = |of: &[&str]| of.iter().map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(claim("ann").await.0, 201);
    let (status, cost) = claim("bob").await;
    assert_eq!((status, cost.requests), (201, requests(&["TransactWriteItems"])));
    println!("a claim: {} write units", cost.write_units);
    assert!(cost.write_units <= 6.0, "{}", cost.write_units);
    let (status, cost) = claim("cid").await;
    let survey = ["TransactWriteItems", "BatchGetItem", "UpdateItem", "TransactGetItems"];
    assert_eq!(
        (status, cost.requests),
        (409, requests(&survey)),
        "it reads the shards and writes the mark"
    );
    let (status, cost) = claim("dan").await;
    assert_eq!(
        (status, cost.requests),
        (409, requests(&["GetItem"])),
        "it looks for an earlier claim"
    );
    assert!(cost.read_units <= 1.0, "{}", cost.read_units);
}

#[tokio::test]
async fn more_units_can_be_claimed_within_a_second_of_their_addition() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": 1 })).await;
    let function = shop.handler("claim-coupon");
    shop.call_with(&function, claim_call("ann", &coupon)).await;
    let refused = shop.call_with(&function, claim_call("bob", &coupon)).await;
    assert_eq!(refused.problem(), "coupon-exhausted");
    let raised = shop.change(&coupon, &json!({ "total": 3 })).await;
    assert_eq!((raised.status, &raised.body["total"]), (200, &json!(3)), "{raised:?}");
    assert_eq!(raised.body.get("exhausted_at"), None);
    shop.advance(SignedDuration::from_secs(1));
    for customer in ["bob", "cid"] {
        let claim = shop.call_with(&function, claim_call(customer, &coupon)).await;
        assert_eq!(claim.status, 201, "{claim:?}");
    }
    shop.advance(SignedDuration::from_secs(1));
    let refused = shop.call_with(&function, claim_call("dan", &coupon)).await;
    assert_eq!(refused.problem(), "coupon-exhausted");
    assert_eq!(shop.units_and_claims(&coupon).await, (0, 3));
}

#[tokio::test]
async fn units_that_are_added_while_the_shards_are_read_are_not_missed() {
    let shop = Arc::new(CouponsFixture::open().await);
    let coupon = shop.coupon(&json!({ "total": 1, "shards": 1 })).await;
    shop.claimed("ann", &coupon).await;
    // Bob's request has seen the empty shard, and is about to write the mark.
    let hold = harness::Hold::default();
    shop.engine.faults.plan("UpdateItem", Fault::Held(hold.clone()));
    let claim = tokio::spawn({
        let (shop, coupon) = (Arc::clone(&shop), coupon.clone());
        async move { shop.claim("bob", &coupon).await }
    });
    hold.arrived().await;
    assert_eq!(shop.change(&coupon, &json!({ "total": 2 })).await.status, 200);
    hold.release();
    let claim = claim.await.unwrap();
    assert_eq!((claim.status, claim.replayed), (201, false), "{claim:?}");
    assert_eq!(see(&shop, &coupon).await.get("exhausted_at"), None);
}

#[tokio::test]
async fn a_claim_whose_response_is_lost_is_answered_by_the_retry_and_takes_one_unit() {
    for fault in [Fault::Throttle, Fault::LoseRequest, Fault::LoseAnswer] {
        let shop = CouponsFixture::open().await;
        let coupon = shop.coupon(&json!({})).await;
        shop.engine.faults.plan("TransactWriteItems", fault);
        let claim = shop.claim("ann", &coupon).await;
        assert_eq!(claim.status, 201, "{claim:?}");
        assert_eq!(shop.units_and_claims(&coupon).await, (9, 1));
    }
}

#[tokio::test]
async fn a_coupon_without_a_total_is_claimed_by_everybody() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": null })).await;
    for customer in 0..20 {
        assert_eq!(shop.claim(&format!("customer-{customer}"), &coupon).await.status, 201);
    }
    assert!(shop.claim("customer-3", &coupon).await.replayed);
    assert_eq!(shop.units_and_claims(&coupon).await, (0, 20));
    let limited = shop.change(&coupon, &json!({ "total": 30 })).await;
    assert_eq!(
        (limited.problem(), &limited.body["field"]),
        ("invalid-coupon", &json!("total"))
    );
}

#[tokio::test]
async fn the_total_is_only_raised_and_the_claims_can_be_ended() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let lower = shop.change(&coupon, &json!({ "total": 9 })).await;
    assert_eq!((lower.status, lower.problem()), (422, "invalid-coupon"));
    assert_eq!(shop.claim("ann", &coupon).await.status, 201);
    shop.advance(SignedDuration::from_mins(1));
    let ended = shop
        .change(&coupon, &json!({ "claims_end_at": shop.now(), "name": "Over" }))
        .await;
    assert_eq!((ended.status, &ended.body["name"]), (200, &json!("Over")), "{ended:?}");
    assert_eq!(shop.claim("bob", &coupon).await.problem(), "coupon-expired");
    let early = json!({ "claims_end_at": shop.now() - SignedDuration::from_hours(1) });
    assert_eq!(shop.change(&coupon, &early).await.problem(), "invalid-coupon");
    assert_eq!(shop.units_and_claims(&coupon).await, (9, 1));
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let read = Call::new("GET", "/admin/coupons/{coupon_id}")
        .path("coupon_id", &coupon)
        .by_admin();
    let tag = shop.call("get-admin-coupon", read).await.header("etag").to_owned();
    let change = async |body: Value| shop.call("update-coupon", update_call(&coupon, &tag, &body)).await;
    assert_eq!(change(json!({ "total": 12 })).await.status, 200);
    assert_eq!(change(json!({ "total": 20 })).await.problem(), "precondition-failed");
    assert_eq!(change(json!({ "total": 12 })).await.status, 200, "it is made already");
    assert_eq!(
        shop.units_and_claims(&coupon).await,
        (12, 0),
        "two units are added once"
    );
}

#[tokio::test]
async fn a_customer_lists_the_own_claims_in_pages_newest_first() {
    let shop = CouponsFixture::open().await;
    let mut ids = vec![];
    for _ in 0..3 {
        let coupon = shop.coupon(&json!({})).await;
        ids.insert(0, shop.claimed("ann", &coupon).await);
        shop.claimed("bob", &coupon).await;
        shop.advance(SignedDuration::from_secs(1));
    }
    let (mut seen, mut cursor) = (vec![], None::<String>);
    loop {
        let mut call = Call::new("GET", "/coupon-claims").by("ann").query("limit", "2");
        if let Some(cursor) = &cursor {
            call = call.query("cursor", cursor);
        }
        let page = shop.call("list-claims", call).await.body;
        let claims = page["items"].as_array().unwrap();
        seen.extend(
            claims
                .iter()
                .map(|claim| claim["coupon_claim_id"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn an_unknown_coupon_is_not_found() {
    let shop = CouponsFixture::open().await;
    let unknown = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(shop.claim("ann", unknown).await.problem(), "not-found");
    assert_eq!(
        shop.change(unknown, &json!({ "total": 5 })).await.problem(),
        "not-found"
    );
    let seen = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", unknown);
    assert_eq!(shop.call("get-coupon", seen).await.problem(), "not-found");
}

#[tokio::test]
async fn a_change_that_was_read_before_the_last_unit_was_claimed_does_not_lose_the_mark() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({})).await;
    let table = CouponTable::new(&shop.platform()).unwrap();
    let invocation = shop.invocation().by(Actor::function("claim-coupon"));
    let id = CouponId(coupon.parse().unwrap());
    let read = table.get(id, invocation.deadline).await.unwrap();
    assert!(table.mark_exhausted(&read, &invocation).await.unwrap());
    let mut renamed = read.clone();
    renamed.coupon.name = "Closing week".to_owned();
    renamed.version += 1;
    assert!(!table.save(&renamed, 0, invocation.deadline).await.unwrap());
    let present = table.get(id, invocation.deadline).await.unwrap();
    assert!(present.coupon.exhausted_at.is_some());
    assert!(
        !table.mark_exhausted(&read, &invocation).await.unwrap(),
        "it was marked before"
    );
}

#[tokio::test]
async fn a_claim_and_the_exhaustion_are_told_once_by_events_in_their_own_writes() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": 1 })).await;
    assert!(shop.engine.events(COUPONS).await.is_empty());
    let claim = shop.claim("ann", &coupon).await;
    let events = shop.engine.events(COUPONS).await;
    let claimed = json!({
        "coupon_claim_id": claim.body["coupon_claim_id"], "coupon_id": coupon, "customer_id": "ann",
    });
    assert_eq!(
        (events.len(), &*events[0].0, &events[0].1["data"]),
        (1, "CouponClaimed", &claimed)
    );
    for customer in ["ann", "bob", "cid"] {
        shop.claim(customer, &coupon).await;
    }
    let again = shop.engine.events(COUPONS).await;
    let told = again.iter().find(|(kind, _)| kind == "CouponClaimed").unwrap();
    assert_eq!(told.1, events[0].1, "a repeated claim tells nothing");
    let exhausted: Vec<&Value> = again
        .iter()
        .filter(|(kind, _)| kind == "CouponExhausted")
        .map(|(_, detail)| detail)
        .collect();
    assert_eq!(exhausted.len(), 1);
    assert_eq!(exhausted[0]["data"]["exhausted_at"], json!(shop.now()));
    assert_eq!(shop.change(&coupon, &json!({ "total": 2 })).await.status, 200);
    let after = shop.engine.events(COUPONS).await;
    assert!(
        after.iter().all(|(kind, _)| kind == "CouponClaimed"),
        "it is not exhausted any more"
    );
}

#[tokio::test]
async fn a_claim_with_its_event_and_the_trace_of_its_request_is_at_most_one_kilobyte() {
    let shop = CouponsFixture::open().await;
    let coupon = shop.coupon(&json!({ "total": null })).await;
    let handler = shop.handler("claim-coupon");
    let shared::aws::lambda::action::Handler::Http(handle) = &handler else {
        panic!("an action of the API")
    };
    shop.claim("bob", &coupon).await;
    shop.engine.faults.measure();
    let invocation = shared::aws::lambda::Invocation {
        trace: Some("Root=1-67dd2f60-3f2a9c1b5d7e8f0a1b2c3d4e;Parent=53995c3f42cd8ad8;Sampled=1".to_owned()),
        ..shop.invocation()
    };
    let customer = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
    let answer = Answer::of(handle(claim_call(customer, &coupon).event().to_string(), invocation).await);
    assert_eq!(answer.status, 201);
    let cost = shop.engine.faults.cost();
    println!("a claim without a limit: {} write units", cost.write_units);
    assert!(cost.write_units <= 3.0, "two for the claim, one for its list: {cost:?}");
}
