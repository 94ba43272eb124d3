//! Coupons: the last unit, and the order that redeems it.

use anyhow::{Result, ensure};
use end_to_end::{EVENT_DEADLINE, Shop, text};
use jiff::{SignedDuration, Timestamp};
use local_cloud::Answer;
use serde_json::{Value, json};

use crate::Test;

pub const TESTS: &[Test] = &[(
    "one_of_two_customers_gets_the_last_unit_of_a_coupon_and_pays_less",
    one_of_two_customers_gets_the_last_unit_of_a_coupon_and_pays_less,
)];

/// Creates a coupon with one unit that takes 15 % off.
pub fn coupon(shop: &Shop) -> Result<Value> {
    let now = Timestamp::now();
    let end = (now + SignedDuration::from_hours(24)).to_string();
    let body = json!({
        "name": "Opening week: 15 % off",
        "currency": "KRW",
        "benefit": { "kind": "PERCENT", "percent": 15 },
        "total": 1,
        "claims_start_at": (now - SignedDuration::from_mins(5)).to_string(),
        "claims_end_at": end,
        "redeemable_until": end,
        "on_cancellation": "RETURNED",
    });
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
    let coupon = coupon(shop)?;
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
