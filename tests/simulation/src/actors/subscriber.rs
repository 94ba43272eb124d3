//! A subscriber: subscribes to deliveries every day or two, once with a coupon, pauses, skips, changes items and cards, has declined
//! cards, and cancels.

use std::rc::Rc;
use std::time::Duration;

use function_tests::billing_fixture::{change_call, customer_key, schedule, subscribe_call, subscription};
use function_tests::coupons_fixture::claim_call;
use function_tests::order_call;
use harness::gateway::Call;
use jiff::tz::TimeZone;
use sandbox::Card;
use serde_json::{Value, json};

use super::{coupon_hunter, personal_data, product};
use crate::world::World;

/// The time zone of all subscribers.
pub const TIMEZONE: &str = "Asia/Seoul";

/// The price for which some coupons count: that of two units, and of no single one.
const MINIMUM: u64 = 2_000;

/// Runs a subscriber until the run ends.
pub async fn subscribe(world: Rc<World>, nth: u64) {
    let name = format!("subscriber-{nth}");
    world.pause().await;
    let mut mine = vec![];
    mine.extend(begin_with_coupon(&world, nth, &name).await);
    while world.is_running() {
        world.pause().await;
        match world.below(14) {
            0..=1 => begin(&world, &name, &mut mine).await,
            _ if mine.is_empty() => begin(&world, &name, &mut mine).await,
            2..=5 => change(&world, &name, &a_subscription(&world, &mine)).await,
            6 => cancel(&world, &name, &a_subscription(&world, &mine)).await,
            7..=9 => see(&world, &name, &a_subscription(&world, &mine)).await,
            10 => drop(
                world
                    .http("list-subscriptions", Call::new("GET", "/subscriptions").by(&name))
                    .await,
            ),
            11 => decline(&world, &name),
            // Otherwise time passes.
            _ => world.clock.sleep(Duration::from_secs(60)).await,
        }
    }
}

async fn begin(world: &World, name: &str, mine: &mut Vec<String>) {
    if mine.len() >= 3 {
        return;
    }
    let body = deliveries(world, name, 1 + world.below(2) as u16);
    let answer = world
        .request("create-subscription", subscribe_call(name, &world.key(), &body))
        .await;
    if let Some(id) = answer.body["subscription_id"].as_str() {
        mine.push(id.to_owned());
    }
}

/// Starts a subscription with a coupon. It is left alone; or its id is returned, after it was cancelled before it is charged, started
/// at once with an order that wants the same coupon, or changed so that it costs less than the coupon needs.
async fn begin_with_coupon(world: &World, nth: u64, name: &str) -> Option<String> {
    let duration = match nth % 3 {
        0 => json!({ "kind": "ONCE" }),
        1 => json!({ "kind": "FOREVER" }),
        _ => json!({ "kind": "REPEATING", "charges": 2 }),
    };
    let mut fields = json!({ "duration": duration });
    let has_minimum = nth > 0 && nth.is_multiple_of(3);
    if has_minimum {
        fields["minimum_subtotal"] = json!({ "amount": MINIMUM, "currency": "KRW" });
    }
    let coupon = coupon_hunter::create(world, fields).await?;
    let claim = world.request("claim-coupon", claim_call(name, &coupon)).await;
    let claim = claim.body["coupon_claim_id"].clone();
    let mut body = deliveries(world, name, 1);
    body["coupon_claim_id"] = claim.clone();
    if has_minimum {
        body["items"] = json!([{ "sku": product(0), "quantity": 2 }]);
    }
    let begin = world.request("create-subscription", subscribe_call(name, &world.key(), &body));
    let begun = match nth % 3 {
        2 => tokio::join!(begin, order(world, name, &claim)).0,
        _ => begin.await,
    };
    let id = begun.body["subscription_id"].as_str()?;
    match nth % 3 {
        0 if has_minimum => {
            let fewer = json!({ "change": "ITEMS", "items": [{ "sku": product(0), "quantity": 1 }] });
            let (function, call) = change_call(name, id, &world.key(), &fewer);
            world.request(function, call).await;
        }
        0 => return None,
        1 => {
            cancel_when(world, name, id, "NOW").await;
            order(world, name, &claim).await;
        }
        _ => {}
    }
    Some(id.to_owned())
}

/// Places an order with a claim, and forgets it.
async fn order(world: &World, name: &str, claim: &Value) {
    let mut body = json!({ "items": [{ "sku": product(0), "quantity": 1 }], "coupon_claim_id": claim });
    body["shipping_address"] = function_tests::delivery::address();
    let call = order_call(name, &world.key(), &[]).json(&body);
    world.request("checkout", call).await;
}

/// The body of a subscription whose first period is due within minutes, and then one every so many days.
fn deliveries(world: &World, name: &str, days: u16) -> Value {
    let sku = product(world.below(world.fault_plan.actors.products));
    let quantity = 1 + world.below(2);
    // The first period is due within minutes.
    let first = world.clock.now() + Duration::from_secs(world.below(400));
    let first = first.to_zoned(TimeZone::get(TIMEZONE).expect("a time zone"));
    let schedule = schedule(
        &first.date().to_string(),
        &first.strftime("%H:%M:%S").to_string(),
        TIMEZONE,
        "DAY",
        days,
    );
    let authorization = authorization(world, name);
    let mut body = subscription(&[(&sku, quantity.cast_signed())], &schedule, &authorization);
    body["contact"] = personal_data::contact(name);
    body["shipping_address"] = personal_data::address(name);
    body
}

async fn change(world: &World, name: &str, id: &str) {
    let sku = product(world.below(world.fault_plan.actors.products));
    let body = match world.below(7) {
        0 => json!({ "change": "PAUSE" }),
        1..=2 => json!({ "change": "RESUME" }),
        3 => json!({ "change": "SKIP", "period": world.below(3) }),
        4 => json!({ "change": "CARD", "authorization": authorization(world, name) }),
        5 => json!({ "change": "CONTINUE" }),
        _ => json!({ "change": "ITEMS", "items": [{ "sku": sku, "quantity": 1 + world.below(2) }] }),
    };
    let (function, call) = change_call(name, id, &world.key(), &body);
    world.request(function, call).await;
}

async fn cancel(world: &World, name: &str, id: &str) {
    let when = if world.below(2) == 0 { "NOW" } else { "PERIOD_END" };
    cancel_when(world, name, id, when).await;
}

async fn cancel_when(world: &World, name: &str, id: &str, when: &str) {
    let call = Call::new("POST", "/subscriptions/{subscription_id}/cancel").path("subscription_id", id);
    let call = call.by(name).key(&world.key()).json(&json!({ "when": when }));
    world.request("cancel-subscription", call).await;
}

async fn see(world: &World, name: &str, id: &str) {
    let call = Call::new("GET", "/subscriptions/{subscription_id}").path("subscription_id", id);
    world.http("get-subscription", call.by(name)).await;
    let invoices = Call::new("GET", "/subscriptions/{subscription_id}/invoices").path("subscription_id", id);
    world.http("list-invoices", invoices.by(name)).await;
}

/// Declines the subscriber's cards for some time.
fn decline(world: &World, name: &str) {
    let times = 1 + world.below(3) as u32;
    for key in world.sandbox.toss_billing_keys(&customer_key(name)) {
        world.sandbox.toss_decline_next(&key, "REJECT_CARD_PAYMENT", times);
    }
}

fn authorization(world: &World, name: &str) -> Value {
    if world.below(3) == 0 {
        let card = match world.below(5) {
            0 => Card::declined("card_declined", "insufficient_funds"),
            _ => Card::Good,
        };
        return json!({ "provider": "STRIPE", "payment_method": world.sandbox.stripe_payment_method(&card) });
    }
    let customer_key = customer_key(name);
    let auth_key = world.sandbox.toss_authorize_card(&customer_key);
    json!({ "provider": "TOSS", "auth_key": auth_key, "customer_key": customer_key })
}

fn a_subscription(world: &World, mine: &[String]) -> String {
    mine[world.below(mine.len() as u64) as usize].clone()
}
