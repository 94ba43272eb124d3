//! Coupons: the last unit, the order that redeems it, and codes.

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use jiff::{SignedDuration, Timestamp};
use local_cloud::Answer;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[
    (
        "one_of_two_customers_gets_the_last_unit_of_a_coupon_and_pays_less",
        one_of_two_customers_gets_the_last_unit_of_a_coupon_and_pays_less,
    ),
    (
        "a_code_makes_one_claim_and_a_revoked_one_makes_none",
        a_code_makes_one_claim_and_a_revoked_one_makes_none,
    ),
];

/// Creates a coupon that takes 15 % off, with one unit unless `fields` say otherwise.
pub fn coupon(shop: &Shop, fields: &Value) -> Result<Value> {
    let now = Timestamp::now();
    let end = (now + SignedDuration::from_hours(24)).to_string();
    let mut body = json!({
        "name": "Opening week: 15 % off",
        "currency": "KRW",
        "benefit": { "kind": "PERCENT", "percent": 15 },
        "total": 1,
        "claims_start_at": (now - SignedDuration::from_mins(5)).to_string(),
        "claims_end_at": end,
        "redeemable_until": end,
        "on_cancellation": "RETURNED",
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    // The coupon of codes has no units.
    if body["total"].is_null() {
        body.as_object_mut().map(|body| body.remove("total"));
    }
    let call = shop.api.call("POST", "/admin/coupons").token(&shop.admin);
    call.key(&shop.unique("coupon")).json(&body).send()?.expect(201)
}

/// Claims a coupon.
pub fn claim(shop: &Shop, token: &str, coupon: &Value) -> Result<Answer> {
    let path = format!("/coupons/{}/claims", text(coupon, "coupon_id")?);
    let call = shop.api.call("POST", &path).token(token);
    call.key(&shop.unique("claim")).send()
}

fn one_of_two_customers_gets_the_last_unit_of_a_coupon_and_pays_less(shop: &Shop) -> Result<()> {
    let coupon = coupon(shop, &json!({}))?;
    let (ann, bob) = std::thread::scope(|scope| {
        let ann = scope.spawn(|| claim(shop, &shop.ann, &coupon));
        let bob = claim(shop, &shop.bob, &coupon);
        (ann.join(), bob)
    });
    let ann = ann.unwrap_or_else(|_| anyhow::bail!("a request panicked"))?;
    let (token, other, won, lost) = match bob? {
        bob if bob.status == 201 => (&shop.bob, &shop.ann, bob, ann),
        bob => (&shop.ann, &shop.bob, ann, bob),
    };
    let won = won.expect(201)?;
    let refused = lost.expect(409)?;
    ensure!(refused["type"] == "urn:madang:problem:coupon-exhausted", "{refused}");
    let sku = shop.product(10, 1)?;
    let order = |token: &str| {
        let body = json!({ "items": [{ "sku": sku, "quantity": 1 }], "coupon_claim_ids": [won["coupon_claim_id"]] });
        let call = shop.api.call("POST", "/orders").token(token);
        call.key(&shop.unique("order")).json(&body).send()
    };
    order(other)?.expect(422)?;
    let placed = order(token)?.expect(201)?;
    let (subtotal, discount) = (
        &placed["totals"]["subtotal"]["amount"],
        &placed["totals"]["discount"]["amount"],
    );
    ensure!(
        discount.as_u64() == subtotal.as_u64().map(|subtotal| subtotal * 15 / 100),
        "{placed}"
    );
    shop.event("OrderPlaced", &placed, EVENT_DEADLINE)?;
    order(token)?.expect(409)?;
    let cancel = shop
        .api
        .call("POST", &format!("/orders/{}/cancel", text(&placed, "order_id")?));
    cancel.token(token).key(&shop.unique("cancel")).send()?.expect(200)?;
    order(token)?.expect(201)?;
    Ok(())
}

fn a_code_makes_one_claim_and_a_revoked_one_makes_none(shop: &Shop) -> Result<()> {
    let coupon = coupon(shop, &json!({ "distribution": "CODES", "total": null }))?;
    let id = text(&coupon, "coupon_id")?;
    let by_admin = |path: String, body: Value| {
        let call = shop.api.call("POST", &path).token(&shop.admin);
        call.key(&shop.unique("codes")).json(&body).send()
    };
    let range = json!({ "first_index": 0, "count": 2 });
    let made = by_admin(format!("/admin/coupons/{id}/codes"), range)?.expect(200)?;
    let claim = |token: &str, code: &Value| {
        let call = shop.api.call("POST", "/coupon-claims").token(token);
        call.key(&shop.unique("code")).json(&json!({ "code": code })).send()
    };
    // Before the function that claims has read the coupon, which it remembers for a second.
    let rest = json!({ "first_index": 1, "count": 1 });
    by_admin(format!("/admin/coupons/{id}/revoke-codes"), rest)?.expect(200)?;
    let revoked = claim(&shop.bob, &made["codes"][1])?.expect(409)?;
    ensure!(revoked["type"] == "urn:madang:problem:coupon-code-revoked", "{revoked}");
    let claimed = claim(&shop.ann, &made["codes"][0])?.expect(201)?;
    ensure!(claimed["coupon_id"] == coupon["coupon_id"], "{claimed}");
    let used = claim(&shop.bob, &made["codes"][0])?.expect(409)?;
    ensure!(used["type"] == "urn:madang:problem:coupon-code-used", "{used}");
    Ok(())
}
