//! Codes of coupons: each makes one claim, none is stored before, and guessers learn little.

use std::collections::BTreeSet;

use coupons::store::CouponTable;
use coupons::wrong_codes::WrongCodes;
use function_tests::coupons_fixture::{altered, claim_call, code_call, codes_call, revoke_call};
use function_tests::{CouponsFixture, order_body, order_call};
use futures::future::join_all;
use harness::Fault;
use harness::engine::COUPONS;
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::coupons::CouponId;

/// A shop with a coupon that is distributed by codes, and the coupon's id.
async fn with_codes(fields: &Value) -> (CouponsFixture, String) {
    let shop = CouponsFixture::open().await;
    let mut fields = fields.clone();
    fields["distribution"] = json!("CODES");
    fields["total"] = Value::Null;
    let coupon = shop.coupon(&fields).await;
    (shop, coupon)
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// How many claims a coupon has, and how many used codes, which name each other.
async fn claims_and_codes(shop: &CouponsFixture) -> (usize, usize) {
    let items = shop.engine.items(COUPONS).await;
    let of_kind = |kind: &'static str| {
        let items = items.iter();
        items.filter(move |item| item["pk"].as_str().unwrap().starts_with(kind))
    };
    for code in of_kind("CODE#") {
        let claim = of_kind("CLAIM#").find(|claim| claim["coupon_claim_id"] == code["coupon_claim_id"]);
        let index = claim.unwrap()["code_index"].to_string();
        assert!(code["pk"].as_str().unwrap().ends_with(&format!("#{index}")), "{code}");
    }
    (of_kind("CLAIM#").count(), of_kind("CODE#").count())
}

#[tokio::test]
async fn codes_are_made_again_and_again_and_none_is_stored() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let stored = shop.engine.count(COUPONS).await;
    let codes = shop.codes(&coupon, 0, 10_000).await;
    let different: BTreeSet<&String> = codes.iter().collect();
    assert_eq!(different.len(), 10_000);
    assert_eq!(shop.codes(&coupon, 9_990, 20).await[..10], codes[9_990..]);
    assert_eq!(shop.codes(&coupon, 999_999_999, 1).await.len(), 1);
    assert_eq!(shop.engine.count(COUPONS).await, stored);
    let other = shop.coupon(&json!({ "distribution": "CODES", "total": null })).await;
    let of_other: BTreeSet<String> = shop.codes(&other, 0, 100).await.into_iter().collect();
    assert!(of_other.iter().all(|code| !different.contains(code)));
}

#[tokio::test]
async fn codes_outside_of_the_range_and_those_of_a_coupon_without_codes_are_refused() {
    let (shop, coupon) = with_codes(&json!({})).await;
    for (first, count) in [(0, 0), (0, 10_001), (999_999_999, 2), (1_000_000_000, 1), (u32::MAX, 1)] {
        let answer = shop
            .call("create-coupon-codes", codes_call(&coupon, first, count))
            .await;
        assert_eq!(seen(&answer), (422, "invalid-code-range"), "{first} {count}");
    }
    for (first, count) in [(0, 0), (0, 1_000_000_001), (1_000_000_000, 1)] {
        let answer = shop.revoke(&coupon, first, count).await;
        assert_eq!(seen(&answer), (422, "invalid-code-range"), "{first} {count}");
    }
    let plain = shop.coupon(&json!({})).await;
    let unknown = "018f0000-0000-7000-8000-000000000000";
    for (coupon, refusal) in [
        (plain.as_str(), (409, "coupon-without-codes")),
        (unknown, (404, "not-found")),
    ] {
        let made = shop.call("create-coupon-codes", codes_call(coupon, 0, 1)).await;
        assert_eq!(seen(&made), refusal);
        assert_eq!(seen(&shop.revoke(coupon, 0, 1).await), refusal);
    }
    for fields in [json!({ "total": 10 }), json!({ "total": null, "shards": 2 })] {
        let mut fields = fields;
        fields["distribution"] = json!("CODES");
        assert_eq!(seen(&shop.create(&fields).await), (422, "invalid-coupon"), "{fields}");
    }
}

#[tokio::test]
async fn a_code_makes_a_claim_that_an_order_redeems() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 7, 2).await;
    let claim = shop.claim_code("ann", &codes[0]).await;
    assert_eq!((claim.status, claim.replayed), (201, false), "{claim:?}");
    assert_eq!(claim.body["coupon_id"], json!(coupon));
    assert_eq!(
        (&claim.body["status"], &claim.body["code_index"]),
        (&json!("ISSUED"), &json!(7))
    );
    assert_eq!(shop.claims("ann").await, std::slice::from_ref(&claim.body));
    let mut body = order_body(&[("tea", 1)]);
    body["coupon_claim_ids"] = json!([claim.body["coupon_claim_id"]]);
    let order = shop.checkout(order_call("ann", "k", &[]).json(&body)).await;
    assert_eq!(order.body["totals"]["discount"]["amount"], 300, "{order:?}");
    let sloppy = codes[1]
        .to_lowercase()
        .replace('-', "")
        .replace('0', "O")
        .replace('1', "l");
    let claim = shop.claim_code("bob", &sloppy).await;
    assert_eq!((claim.status, &claim.body["code_index"]), (201, &json!(8)), "{claim:?}");
    assert_eq!(claims_and_codes(&shop).await, (2, 2));
    let events = shop.engine.events(COUPONS).await;
    assert_eq!(
        events.len(),
        1,
        "that of ann is in the stream, and the claim was redeemed since"
    );
    assert_eq!(events[0].0, "CouponClaimed");
    let expected = json!({
        "coupon_claim_id": claim.body["coupon_claim_id"], "coupon_id": coupon, "customer_id": "bob", "code_index": 8,
    });
    assert_eq!(events[0].1["data"], expected);
}

#[tokio::test]
async fn a_code_that_its_customer_sends_again_is_the_same_claim_whatever_has_happened_since() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 1).await;
    let first = shop.claim_code("ann", &codes[0]).await;
    assert_eq!(shop.revoke(&coupon, 0, 5).await.status, 200);
    shop.advance(SignedDuration::from_hours(24));
    let again = shop.claim_code("ann", &codes[0]).await;
    assert_eq!(
        (again.status, again.replayed, &again.body),
        (201, true, &first.body),
        "{again:?}"
    );
    assert_eq!(claims_and_codes(&shop).await, (1, 1));
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_made_once() {
    for fault in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::Throttle,
        Fault::Conflict(1),
    ] {
        let (shop, coupon) = with_codes(&json!({})).await;
        let codes = shop.codes(&coupon, 0, 1).await;
        let seen = format!("{fault:?}");
        shop.engine.faults.plan("TransactWriteItems", fault);
        let claim = shop.claim_code("ann", &codes[0]).await;
        assert_eq!(claim.status, 201, "{seen} {claim:?}");
        assert_eq!(claims_and_codes(&shop).await, (1, 1));
        let wrong = shop.engine.items(COUPONS).await;
        assert!(
            !wrong
                .iter()
                .any(|item| item["pk"].as_str().unwrap().starts_with("WRONG"))
        );
    }
}

#[tokio::test]
async fn of_ten_customers_who_send_a_code_at_once_one_has_the_coupon() {
    for _ in 0..4 {
        let (shop, coupon) = with_codes(&json!({})).await;
        let codes = shop.codes(&coupon, 0, 1).await;
        let handler = shop.handler("claim-coupon-code");
        let calls = (0..10).flat_map(|nth| [nth, nth]).map(|nth| {
            let call = code_call(&format!("c{nth}"), &codes[0]);
            shop.call_with(&handler, call)
        });
        let answers = join_all(calls).await;
        let (good, bad): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 201);
        assert_eq!((good.len(), bad.len()), (2, 18), "{answers:?}");
        assert_eq!(good[0].body["coupon_claim_id"], good[1].body["coupon_claim_id"]);
        for answer in bad {
            assert_eq!(seen(answer), (409, "coupon-code-used"));
        }
        assert_eq!(claims_and_codes(&shop).await, (1, 1));
    }
}

#[tokio::test]
async fn a_second_code_of_a_customer_stays_unused_and_another_customer_can_have_it() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 2).await;
    let (one, two) = tokio::join!(shop.claim_code("ann", &codes[0]), shop.claim_code("ann", &codes[1]));
    let ((good, bad), left) = match one.status {
        201 => ((one, two), &codes[1]),
        _ => ((two, one), &codes[0]),
    };
    assert_eq!(seen(&bad), (409, "coupon-claimed"), "{good:?}");
    assert_eq!(bad.body["coupon_claim_id"], good.body["coupon_claim_id"]);
    assert_eq!(claims_and_codes(&shop).await, (1, 1));
    assert_eq!(shop.claim_code("bob", left).await.status, 201);
}

#[tokio::test]
async fn revoked_codes_make_no_claim_and_the_ranges_are_joined() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 40).await;
    let before = shop.claim_code("ann", &codes[5]).await;
    let handler = shop.handler("claim-coupon-code");
    assert_eq!(shop.call_with(&handler, code_call("bob", &codes[20])).await.status, 201);
    let range = |first: u32, last: u32| json!({ "first_index": first, "last_index": last });
    for (first, count, expected) in [
        (5, 5, vec![range(5, 9)]),
        (30, 5, vec![range(5, 9), range(30, 34)]),
        (10, 2, vec![range(5, 11), range(30, 34)]),
        (6, 3, vec![range(5, 11), range(30, 34)]),
        (0, 33, vec![range(0, 34)]),
    ] {
        let revoked = shop.revoke(&coupon, first, count).await;
        assert_eq!(
            (revoked.status, &revoked.body["revoked_codes"]),
            (200, &json!(expected))
        );
        assert_eq!(revoked.replayed, (first, count) == (6, 3));
    }
    // The function has read the coupon a moment ago.
    shop.advance(SignedDuration::from_secs(1));
    let refused = shop.call_with(&handler, code_call("cid", &codes[34])).await;
    assert_eq!(seen(&refused), (409, "coupon-code-revoked"));
    assert_eq!(shop.call_with(&handler, code_call("cid", &codes[35])).await.status, 201);
    assert_eq!(
        shop.claims("ann").await[0]["coupon_claim_id"],
        before.body["coupon_claim_id"]
    );
    let public = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", &coupon);
    let public = shop.call("get-coupon", public).await;
    assert_eq!(
        (&public.body["distribution"], public.body.get("revoked_codes")),
        (&json!("CODES"), None)
    );
    let admin = Call::new("GET", "/admin/coupons/{coupon_id}").path("coupon_id", &coupon);
    let admin = shop.call("get-admin-coupon", admin.by_admin()).await;
    assert_eq!(admin.body["revoked_codes"], json!([range(0, 34)]));
    let changed = shop.change(&coupon, &json!({ "name": "Another" })).await;
    assert_eq!(changed.body["revoked_codes"], json!([range(0, 34)]));
    assert_eq!(
        shop.claim_code("dan", &codes[36]).await.status,
        201,
        "its codes work as before"
    );
}

#[tokio::test]
async fn two_revocations_at_once_both_count_and_a_coupon_has_at_most_a_hundred_ranges() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let (one, two) = tokio::join!(shop.revoke(&coupon, 0, 1), shop.revoke(&coupon, 10, 1));
    assert_eq!((one.status, two.status), (200, 200));
    for nth in 2..100 {
        assert_eq!(shop.revoke(&coupon, nth * 10, 1).await.status, 200);
    }
    let refused = shop.call("revoke-coupon-codes", revoke_call(&coupon, 5_000, 1)).await;
    assert_eq!(seen(&refused), (409, "too-many-code-ranges"));
    let all = shop.revoke(&coupon, 0, 1_000).await;
    assert_eq!(
        all.body["revoked_codes"],
        json!([{ "first_index": 0, "last_index": 999 }])
    );
}

#[tokio::test]
async fn the_first_wrong_codes_are_explained_and_after_ten_none_is_looked_at_for_an_hour() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 4).await;
    shop.claim_code("bob", &codes[0]).await;
    shop.revoke(&coupon, 1, 1).await;
    let invented = altered(&codes[3]);
    let mut sent = 0;
    for (code, explained) in [
        (&codes[0], (409, "coupon-code-used")),
        (&codes[1], (409, "coupon-code-revoked")),
        (&invented, (422, "coupon-code-invalid")),
        (&codes[0], (422, "coupon-code-invalid")),
        (&codes[1], (422, "coupon-code-invalid")),
        (&invented, (422, "coupon-code-invalid")),
        (&codes[0], (422, "coupon-code-invalid")),
        (&codes[1], (422, "coupon-code-invalid")),
        (&invented, (422, "coupon-code-invalid")),
        (&codes[0], (422, "coupon-code-invalid")),
    ] {
        assert_eq!(seen(&shop.claim_code("ann", code).await), explained, "{sent}");
        // No guess: it cannot be a code.
        assert_eq!(
            seen(&shop.claim_code("ann", "HELLO").await),
            (422, "coupon-code-invalid")
        );
        sent += 1;
        shop.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(sent, WrongCodes::LIMIT);
    shop.advance(SignedDuration::from_mins(50) - SignedDuration::from_millis(1));
    assert_eq!(
        seen(&shop.claim_code("ann", &codes[0]).await),
        (422, "coupon-code-invalid"),
        "a retry of the tenth is answered as the tenth was"
    );
    for code in [&codes[2], &invented] {
        let locked = shop.claim_code("ann", code).await;
        assert_eq!(seen(&locked), (409, "too-many-wrong-codes"));
        assert_eq!(
            locked.body["again_at"],
            json!(shop.now() + SignedDuration::from_millis(1))
        );
    }
    assert_eq!(
        shop.claim_code("cid", &codes[2]).await.status,
        201,
        "another customer is not concerned"
    );
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(
        seen(&shop.claim_code("ann", &codes[0]).await),
        (409, "coupon-code-used"),
        "a new hour begins"
    );
    assert_eq!(shop.claim_code("ann", &codes[3]).await.status, 201);
}

#[tokio::test]
async fn of_forty_wrong_codes_at_once_ten_are_answered() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let code = altered(&shop.codes(&coupon, 0, 1).await[0]);
    for _ in 0..2 {
        let handler = shop.handler("claim-coupon-code");
        let wrong = |nth| code_call("ann", &format!("{}{nth:02}{}", &code[..26], &code[28..]));
        let calls = (0..40).map(|nth| shop.call_with(&handler, wrong(nth)));
        let answers = join_all(calls).await;
        let counted = answers
            .iter()
            .filter(|answer| answer.problem() == "coupon-code-invalid");
        assert_eq!(counted.count(), 10);
        let locked = answers
            .iter()
            .filter(|answer| answer.problem() == "too-many-wrong-codes");
        assert_eq!(locked.count(), 30);
        shop.advance(SignedDuration::from_hours(1));
    }
}

#[tokio::test]
async fn the_own_code_is_answered_with_its_claim_in_an_hour_of_too_many_wrong_codes() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 3).await;
    // The response to this one is lost.
    let first = shop.claim_code("ann", &codes[0]).await;
    shop.claim_code("bob", &codes[1]).await;
    for nth in 0..WrongCodes::LIMIT {
        let wrong = [codes[1].clone(), altered(&codes[2])];
        shop.claim_code("ann", &wrong[nth as usize % 2]).await;
    }
    let again = shop.claim_code("ann", &codes[0]).await;
    assert_eq!((again.status, again.replayed, again.body), (201, true, first.body));
    // A guess at the tag of the own code is a guess, and so are the codes of others and unused ones.
    for code in [&altered(&codes[0]), &codes[1], &codes[2]] {
        let locked = shop.claim_code("ann", code).await;
        assert_eq!(seen(&locked), (409, "too-many-wrong-codes"));
    }
    assert_eq!(claims_and_codes(&shop).await, (2, 2));
}

#[tokio::test]
async fn a_wrong_code_that_is_sent_again_counts_once() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 1).await;
    shop.claim_code("bob", &codes[0]).await;
    let counted = async || {
        let items = shop.engine.items(COUPONS).await;
        let wrong = items.iter().find(|item| item["pk"] == "WRONG_CODES#ann");
        wrong.map(|wrong| wrong["wrong"].as_u64().unwrap())
    };
    let invented = altered(&codes[0]);
    for (nth, code) in [&codes[0], &invented, &codes[0]].into_iter().enumerate() {
        shop.engine.faults.plan("UpdateItem", Fault::LoseAnswer);
        for _ in 0..2 {
            let refused = shop.claim_code("ann", code).await;
            assert_ne!(refused.status, 201);
            assert_eq!(
                counted().await,
                Some(nth as u64 + 1),
                "the answer is lost, and the request is sent again"
            );
        }
    }
    let items = shop.engine.items(COUPONS).await;
    let wrong = items.iter().find(|item| item["pk"] == "WRONG_CODES#ann").unwrap();
    assert!(!wrong.to_string().contains(&codes[0].replace('-', "")), "{wrong}");
}

#[tokio::test]
async fn an_unknown_campaign_is_a_wrong_code_too() {
    let (shop, _) = with_codes(&json!({})).await;
    for nth in 0..WrongCodes::LIMIT {
        let answer = shop.claim_code("ann", &format!("{nth:025}")).await;
        assert_eq!(seen(&answer), (422, "coupon-code-invalid"));
    }
    let another = format!("{:025}", WrongCodes::LIMIT);
    assert_eq!(
        seen(&shop.claim_code("ann", &another).await),
        (409, "too-many-wrong-codes")
    );
}

#[tokio::test]
async fn codes_work_between_the_opening_and_the_end_and_an_early_one_is_no_guess() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let now = shop.now();
    let later = json!({
        "distribution": "CODES", "total": null, "claims_start_at": now + SignedDuration::from_hours(1),
    });
    let late = shop.coupon(&later).await;
    let codes = shop.codes(&late, 0, 2).await;
    shop.advance(SignedDuration::from_hours(1) - SignedDuration::from_millis(1));
    for _ in 0..=WrongCodes::LIMIT {
        let early = shop.claim_code("ann", &codes[0]).await;
        assert_eq!(seen(&early), (409, "coupon-not-open"));
    }
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(shop.claim_code("ann", &codes[0]).await.status, 201);
    shop.advance(SignedDuration::from_hours(23));
    let over = shop.claim_code("bob", &codes[1]).await;
    assert_eq!(seen(&over), (409, "coupon-expired"));
    assert_eq!(over.body["ended_at"], json!(now + SignedDuration::from_hours(24)));
    let without = shop.call("claim-coupon", claim_call("eve", &coupon)).await;
    assert_eq!(seen(&without), (409, "coupon-needs-code"));
}

#[tokio::test]
async fn a_code_is_in_no_item_and_no_event() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 1).await;
    shop.claim_code("ann", &codes[0]).await;
    let (bare, tag) = (codes[0].replace('-', ""), &codes[0][18..]);
    for item in shop.engine.items(COUPONS).await {
        let item = item.to_string();
        for secret in [codes[0].as_str(), &bare, tag] {
            assert!(!item.contains(secret), "{item}");
        }
    }
}

#[tokio::test]
async fn a_claim_with_a_code_takes_two_requests_once_the_coupon_is_known() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let codes = shop.codes(&coupon, 0, 3).await;
    let handler = shop.handler("claim-coupon-code");
    shop.call_with(&handler, code_call("bob", &codes[0])).await;
    let requests = |of: &[&str]| of.iter().map(|name| ((*name).to_owned(), 1)).collect();
    let customer = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
    shop.engine.faults.measure();
    let claim = shop.call_with(&handler, code_call(customer, &codes[1])).await;
    let cost = shop.engine.faults.cost();
    assert_eq!(claim.status, 201);
    assert_eq!(cost.requests, requests(&["BatchGetItem", "TransactWriteItems"]));
    println!(
        "a claim with a code: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert!(cost.read_units <= 3.0 && cost.write_units <= 5.0, "{cost:?}");
    shop.engine.faults.measure();
    let wrong = shop.call_with(&handler, code_call("eve", &codes[0])).await;
    let cost = shop.engine.faults.cost();
    assert_eq!(seen(&wrong), (409, "coupon-code-used"));
    assert_eq!(cost.requests, requests(&["BatchGetItem", "UpdateItem"]));
    assert!(cost.read_units <= 3.0 && cost.write_units <= 1.0, "{cost:?}");
}

#[tokio::test]
async fn a_coupon_is_not_stored_with_the_campaign_of_another_one() {
    let (shop, coupon) = with_codes(&json!({})).await;
    let table = CouponTable::new(&shop.platform()).unwrap();
    let deadline = shop.invocation().deadline;
    let mut other = table.get(CouponId(coupon.parse().unwrap()), deadline).await.unwrap();
    other.coupon.coupon_id = CouponId("018f0000-0000-7000-8000-000000000000".parse().unwrap());
    assert!(!table.create(&other, deadline).await.unwrap());
    assert_eq!(table.find(other.coupon.coupon_id, deadline).await.unwrap(), None);
}
