//! Coupon hunters: claim the few units of coupons, several at once, and redeem them with orders that are paid, cancelled or forgotten.

use std::rc::Rc;

use function_tests::coupons_fixture::{claim_call, create_call, update_call};
use function_tests::order_call;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{product, repeated, shopper};
use crate::world::World;

/// How many customers hunt.
const HUNTERS: u64 = 6;

/// Creates coupons and hunts them until the run ends.
pub async fn hunt(world: Rc<World>) {
    let mut coupons: Vec<String> = vec![];
    while world.is_running() {
        world.pause().await;
        match world.below(12) {
            0 => coupons.extend(create(&world).await),
            1 => look(&world, &coupons).await,
            2 => raise(&world, &coupons).await,
            3..=6 => claim(&world, &coupons).await,
            _ => redeem(&world).await,
        }
    }
}

/// Creates a coupon of a few units, and returns its id.
async fn create(world: &World) -> Option<String> {
    let now = world.clock.now();
    let benefit = match world.below(2) {
        0 => json!({ "kind": "FIXED", "amount": { "amount": 300, "currency": "KRW" } }),
        _ => json!({ "kind": "PERCENT", "percent": 15 }),
    };
    let body = json!({
        "name": "Opening week",
        "currency": "KRW",
        "benefit": benefit,
        "total": 1 + world.below(4),
        "claims_start_at": now,
        "claims_end_at": now + SignedDuration::from_hours(24),
        "redeemable_until": now + SignedDuration::from_hours(48),
        "on_cancellation": if world.below(2) == 0 { "RETURNED" } else { "KEPT" },
    });
    let answers = repeated::send(world, "create-coupon", |key| create_call(key, &body)).await;
    let created = answers.into_iter().find(|answer| answer.status == 201)?;
    created.body["coupon_id"].as_str().map(str::to_owned)
}

/// Adds units to a coupon.
async fn raise(world: &World, coupons: &[String]) {
    let Some(coupon) = world.one_of(coupons) else { return };
    let seen = Call::new("GET", "/admin/coupons/{coupon_id}").path("coupon_id", &coupon);
    let seen = world.http("get-admin-coupon", seen.by_admin()).await;
    let (Some(tag), Some(total)) = (seen.headers.get("etag"), seen.body["total"].as_u64()) else {
        return;
    };
    let change = json!({ "total": total + 1 + world.below(3) });
    world.request("update-coupon", update_call(&coupon, tag, &change)).await;
}

/// Claims a coupon, sometimes for two customers at once, or twice.
async fn claim(world: &World, coupons: &[String]) {
    let Some(coupon) = world.one_of(coupons) else { return };
    let claim = |name: String| world.request("claim-coupon", claim_call(&name, &coupon));
    let name = hunter(world.below(HUNTERS));
    match world.below(3) {
        0 => drop(claim(name).await),
        1 => drop(tokio::join!(claim(name.clone()), claim(name))),
        _ => drop(tokio::join!(claim(name), claim(hunter(world.below(HUNTERS))))),
    }
}

async fn look(world: &World, coupons: &[String]) {
    let list = Call::new("GET", "/admin/coupons").by_admin();
    world.http("list-admin-coupons", list).await;
    if let Some(coupon) = world.one_of(coupons) {
        let seen = Call::new("GET", "/coupons/{coupon_id}").path("coupon_id", &coupon);
        world.http("get-coupon", seen).await;
    }
}

/// Places an order with one of a customer's claims, sometimes twice at once under two keys, and pays it or not.
async fn redeem(world: &Rc<World>) {
    let name = hunter(world.below(HUNTERS));
    let claims = Call::new("GET", "/coupon-claims").by(&name);
    let claims = world.http("list-claims", claims).await;
    let Some(claim) = claims.body["items"].as_array().and_then(|claims| world.one_of(claims)) else {
        return;
    };
    let sku = product(world.below(world.fault_plan.actors.products));
    let items = [json!({ "sku": sku, "quantity": 1 + world.below(2) })];
    let mut body = json!({ "items": items, "coupon_claim_id": claim["coupon_claim_id"] });
    body["shipping_address"] = function_tests::delivery::address();
    let order = |key: &str| order_call(&name, key, &[]).json(&body);
    for answer in repeated::send(world, "checkout", order).await {
        let order = answer.body;
        let Some(id) = order["order_id"].as_str().filter(|_| answer.status == 201) else {
            continue;
        };
        world.state().orders.push(id.to_owned());
        match world.below(5) {
            // Expires.
            0 => {}
            1 => shopper::cancel(world, &name, &order).await,
            2 => drop(tokio::join!(
                shopper::pay(world, &name, &order),
                shopper::cancel(world, &name, &order)
            )),
            _ => pay_and_often_cancel(world, &name, &order).await,
        }
    }
}

async fn pay_and_often_cancel(world: &Rc<World>, name: &str, order: &Value) {
    shopper::pay(world, name, order).await;
    if world.below(3) == 0 {
        shopper::cancel(world, name, order).await;
    }
}

fn hunter(nth: u64) -> String {
    format!("hunter-{nth}")
}
