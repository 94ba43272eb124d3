//! Coupon hunters: claim the few units of coupons, several at once, or with codes, and redeem them with orders of products and of
//! seats, one or two at a time, that are paid, cancelled or forgotten.

use std::rc::Rc;

use function_tests::coupons_fixture::{
    altered, claim_call, code_call, codes_call, create_call, revoke_call, update_call,
};
use function_tests::order_call;
use function_tests::tickets_fixture::hold_call;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::box_office::a_showtime;
use super::{product, repeated, shopper};
use crate::world::World;

/// How many customers hunt.
const HUNTERS: u64 = 6;

/// How many codes of a coupon are given away.
const CODES: u32 = 6;

/// Creates coupons and hunts them until the run ends.
pub async fn hunt(world: Rc<World>) {
    let mut coupons: Vec<String> = vec![];
    // A coupon with codes, and the codes that may be unused.
    let mut given_away: Vec<(String, Vec<String>)> = vec![];
    // What is rare below happens once in each run.
    coupons.extend(create(&world, json!({ "total": 1 })).await);
    raise(&world, &coupons).await;
    for class in ["SELLER", "PLATFORM"] {
        coupons.extend(create(&world, json!({ "class": class })).await);
    }
    race(&world).await;
    while world.is_running() {
        world.pause().await;
        match world.below(24) {
            0 => coupons.extend(create(&world, json!({ "total": 1 + world.below(4) })).await),
            1 => given_away.extend(give_away(&world).await),
            2 => look(&world, &coupons).await,
            3 => raise(&world, &coupons).await,
            4..=8 => claim(&world, &coupons).await,
            9..=11 => use_codes(&world, &mut given_away).await,
            12 => revoke(&world, &given_away).await,
            13..=14 => hold(&world).await,
            _ => redeem(&world).await,
        }
    }
}

/// Creates a coupon with codes, and returns them.
async fn give_away(world: &World) -> Option<(String, Vec<String>)> {
    let coupon = create(world, json!({ "distribution": "CODES" })).await?;
    let codes = world
        .request("create-coupon-codes", codes_call(&coupon, 0, CODES))
        .await;
    let codes = codes.body["codes"].as_array()?.iter();
    let codes = codes.filter_map(|code| code.as_str().map(str::to_owned));
    Some((coupon, codes.collect()))
}

/// Sends some codes of a coupon, each for two customers at once.
async fn race(world: &World) {
    let Some((_, codes)) = give_away(world).await else {
        return;
    };
    for (nth, code) in (0..HUNTERS / 2).zip(&codes) {
        let send = |nth| world.request("claim-coupon-code", code_call(&hunter(nth), code));
        tokio::join!(send(2 * nth), send(2 * nth + 1));
    }
}

/// Sends a code: once, twice, for two customers at once, or with a mistake.
async fn use_codes(world: &World, given_away: &mut [(String, Vec<String>)]) {
    let Some(nth) = world.one_of(&(0..given_away.len()).collect::<Vec<_>>()) else {
        return;
    };
    let (_, codes) = &mut given_away[nth];
    let Some(code) = world.one_of(codes) else { return };
    // Who sends used codes only is locked out soon.
    if world.below(4) > 0 {
        codes.retain(|other| *other != code);
    }
    let send = |name: String, code: &str| world.request("claim-coupon-code", code_call(&name, code));
    let name = hunter(world.below(HUNTERS));
    match world.below(4) {
        0 => drop(send(name, &code).await),
        1 => drop(tokio::join!(send(name.clone(), &code), send(name, &code))),
        2 => drop(tokio::join!(
            send(name, &code),
            send(hunter(world.below(HUNTERS)), &code)
        )),
        _ => drop(tokio::join!(send(name.clone(), &altered(&code)), send(name, &code))),
    }
}

/// Revokes a code, which may be used.
async fn revoke(world: &World, given_away: &[(String, Vec<String>)]) {
    let Some((coupon, _)) = world.one_of(given_away) else {
        return;
    };
    let first = u32::try_from(world.below(CODES.into())).unwrap_or_default();
    world
        .request("revoke-coupon-codes", revoke_call(&coupon, first, 1))
        .await;
}

/// Creates a coupon with these fields, and returns its id.
pub(super) async fn create(world: &World, fields: Value) -> Option<String> {
    let now = world.clock.now();
    let benefit = match world.below(2) {
        0 => json!({ "kind": "FIXED", "amount": { "amount": 300, "currency": "KRW" } }),
        _ => json!({ "kind": "PERCENT", "percent": 15 }),
    };
    let mut body = json!({
        "name": "Opening week",
        "currency": "KRW",
        "class": if world.below(2) == 0 { "SELLER" } else { "PLATFORM" },
        "benefit": benefit,
        "claims_start_at": now,
        "claims_end_at": now + SignedDuration::from_hours(24),
        "redeemable_until": now + SignedDuration::from_hours(48),
        "on_cancellation": if world.below(2) == 0 { "RETURNED" } else { "KEPT" },
    });
    body.as_object_mut()?.extend(fields.as_object()?.clone());
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

/// One of a customer's claims, or two of them, which may be of one class.
async fn some_claims(world: &World, name: &str) -> Option<Vec<Value>> {
    let claims = Call::new("GET", "/coupon-claims").by(name);
    let claims = world.http("list-claims", claims).await;
    let ids = claims.body["items"].as_array()?.iter();
    let mut ids: Vec<Value> = ids.map(|claim| claim["coupon_claim_id"].clone()).collect();
    let first = world.one_of(&ids)?;
    ids.retain(|id| *id != first);
    let second = world.one_of(&ids).filter(|_| world.below(4) > 0);
    Some(std::iter::once(first).chain(second).collect())
}

/// Holds seats with some of a customer's claims, sometimes takes others instead, with other claims or none, and pays or not.
async fn hold(world: &Rc<World>) {
    let name = hunter(world.below(HUNTERS));
    let Some(showtime) = a_showtime(world) else { return };
    let Some(claims) = some_claims(world, &name).await else {
        return;
    };
    let mut body = json!({
        "best": { "class": if world.below(2) == 0 { "VIP" } else { "R" }, "count": 1 + world.below(2) },
        "coupon_claim_ids": claims,
    });
    let mut held = hold_with(world, &name, &showtime, &body).await;
    if let Some(first) = held.first().filter(|_| world.below(2) == 0) {
        body["replaces"] = first["order_id"].clone();
        match world.below(3) {
            0 => {}
            1 => drop(body.as_object_mut().and_then(|body| body.remove("coupon_claim_ids"))),
            _ => {
                if let Some(others) = some_claims(world, &name).await {
                    body["coupon_claim_ids"] = json!(others);
                }
            }
        }
        held.extend(hold_with(world, &name, &showtime, &body).await);
    }
    for order in held {
        end(world, &name, &order).await;
    }
}

async fn hold_with(world: &World, name: &str, showtime: &str, body: &Value) -> Vec<Value> {
    let hold = |key: &str| hold_call(name, key, showtime, body);
    let answers = repeated::send(world, "hold-seats", hold).await;
    let held = answers.into_iter().filter(|answer| answer.status == 201);
    let held: Vec<Value> = held.map(|answer| answer.body).collect();
    let ids = held
        .iter()
        .filter_map(|order| order["order_id"].as_str().map(str::to_owned));
    world.state().orders.extend(ids);
    held
}

/// Places an order with some of a customer's claims, sometimes twice at once under two keys, and pays it or not.
async fn redeem(world: &Rc<World>) {
    let name = hunter(world.below(HUNTERS));
    let Some(claims) = some_claims(world, &name).await else {
        return;
    };
    let sku = product(world.below(world.fault_plan.actors.products));
    let items = [json!({ "sku": sku, "quantity": 1 + world.below(2) })];
    let mut body = json!({ "items": items, "coupon_claim_ids": claims });
    body["shipping_address"] = function_tests::delivery::address();
    let order = |key: &str| order_call(&name, key, &[]).json(&body);
    for answer in repeated::send(world, "checkout", order).await {
        let order = answer.body;
        let Some(id) = order["order_id"].as_str().filter(|_| answer.status == 201) else {
            continue;
        };
        world.state().orders.push(id.to_owned());
        end(world, &name, &order).await;
    }
}

/// Pays an order, cancels it, or forgets it.
async fn end(world: &Rc<World>, name: &str, order: &Value) {
    match world.below(5) {
        // Expires.
        0 => {}
        1 => shopper::cancel(world, name, order).await,
        2 => drop(tokio::join!(
            shopper::pay(world, name, order),
            shopper::cancel(world, name, order)
        )),
        _ => pay_and_often_cancel(world, name, order).await,
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
