//! The staff, who ship orders in parcels and record deliveries: late, twice, more than is left, and while customers cancel.

use std::rc::Rc;

use function_tests::fulfillment_fixture::{deliver_call, ship_call, shipments_call};
use serde_json::{Value, json};

use super::units::{self, Units, left_to_ship};
use super::{after_sale, carrier};
use crate::world::World;

/// Ships and delivers until the run ends.
pub async fn fulfill(world: Rc<World>) {
    while world.is_running() {
        world.pause().await;
        match world.below(10) {
            0..=5 => ship(&world).await,
            6..=8 => deliver(&world).await,
            _ => look(&world).await,
        }
    }
}

/// Hands a parcel to the carrier and records it, sometimes late: the carrier's report may come first.
async fn ship(world: &Rc<World>) {
    let Some(order) = an_order(world) else { return };
    let id = order["order_id"].as_str().expect("an id");
    let customer = order["customer_id"].as_str().expect("a customer");
    let parcel = units::draw(world, &order, left_to_ship);
    if parcel.is_empty() {
        return;
    }
    let key = world.key();
    if world.below(3) > 0 {
        world.spawn(carrier::carry(world.clone(), key.clone()));
    }
    if world.below(4) == 0 {
        world.pause().await;
    }
    match world.below(8) {
        // Records the same parcel again later.
        0 => {
            record(world, id, &key, &parcel).await;
            world.pause().await;
            record(world, id, &key, &parcel).await;
        }
        // Another parcel of the same units.
        1..=2 => {
            let other = world.key();
            tokio::join!(record(world, id, &key, &parcel), record(world, id, &other, &parcel));
        }
        3 => {
            let cancel = after_sale::cancel_units(world, customer, id);
            tokio::join!(record(world, id, &key, &parcel), cancel);
        }
        _ => record(world, id, &key, &parcel).await,
    }
}

async fn record(world: &World, order_id: &str, key: &str, parcel: &Units) {
    let call = ship_call(order_id, key, &units::borrowed(parcel));
    let answer = world.request("create-shipment", call).await;
    if let Some(shipment) = answer.body["shipment_id"].as_str() {
        world.state().shipments.push(shipment.to_owned());
    }
}

/// Records a delivery, sometimes twice at once, and sometimes with a time that may be before the order.
async fn deliver(world: &Rc<World>) {
    let shipments = world.state().shipments.clone();
    let Some(shipment) = world.one_of(&shipments) else {
        return;
    };
    let (key, other) = (world.key(), world.key());
    let deliver = async |key: &str| world.request("deliver-shipment", deliver_call(&shipment, key)).await;
    match world.below(4) {
        0 => drop(tokio::join!(deliver(&key), deliver(&other))),
        1 => {
            let at = world.clock.now() - jiff::SignedDuration::from_mins(5);
            let call = deliver_call(&shipment, &key).json(&json!({ "delivered_at": at }));
            world.request("deliver-shipment", call).await;
        }
        _ => drop(deliver(&key).await),
    }
}

async fn look(world: &World) {
    let orders = world.state().orders.clone();
    if let Some(order) = world.one_of(&orders) {
        world
            .http("list-shipments", shipments_call("", &order).by_admin())
            .await;
    }
}

/// Draws an order, mostly a paid one that has units left to ship.
fn an_order(world: &World) -> Option<Value> {
    let orders = world.state().orders.clone();
    let is_due = |order: &Value| {
        let mut lines = order["lines"].as_array().into_iter().flatten();
        order["status"] == "PAID" && lines.any(|line| left_to_ship(line) > 0)
    };
    for _ in 0..8 {
        let order = units::stored(world, &world.one_of(&orders)?)?;
        if is_due(&order) || world.below(16) == 0 {
            return Some(order);
        }
    }
    None
}
