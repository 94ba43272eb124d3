//! The staff, who ship orders in parcels, record deliveries and handle returns: late, twice, more than is left, and while
//! customers cancel.

use std::rc::Rc;

use function_tests::fulfillment_fixture::{close_call, deliver_call, ship_call, shipments_call};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::json;

use super::units::{self, left_to_ship};
use super::{after_sale, carrier, repeated, returns};
use crate::world::World;

/// Ships, delivers, closes shipments and handles returns until the run ends.
pub async fn fulfill(world: Rc<World>) {
    while world.is_running() {
        world.pause().await;
        match world.below(16) {
            0..=6 => ship(&world).await,
            7..=8 => deliver(&world).await,
            9 => close(&world).await,
            10..=14 => returns::handle(&world).await,
            _ => look(&world).await,
        }
    }
}

/// Hands a parcel to the carrier and records it, sometimes late: the carrier's report may come first.
async fn ship(world: &Rc<World>) {
    let orders = world.state().orders.clone();
    let due = match world.below(16) {
        0 => world.one_of(&orders),
        _ => units::find(world, &orders, left_to_ship),
    };
    let Some(order) = due.and_then(|id| units::stored(world, &id)) else {
        return;
    };
    let id = order["order_id"].as_str().expect("an id");
    let customer = order["customer_id"].as_str().expect("a customer");
    let parcel = units::draw(world, &order, left_to_ship);
    if parcel.is_empty() {
        return;
    }
    let number = world.key();
    if world.below(3) > 0 {
        world.spawn(carrier::carry(world.clone(), number.clone()));
    }
    if world.below(4) == 0 {
        world.pause().await;
    }
    let body = json!({
        "lines": function_tests::fulfillment_fixture::lines(&units::borrowed(&parcel)),
        "carrier": carrier::CARRIER,
        "tracking_number": number,
    });
    let record = repeated::send(world, "create-shipment", |key| ship_call(id, key, &[]).json(&body));
    let answers = match world.below(6) {
        0 => tokio::join!(record, after_sale::cancel_units(world, customer, id)).0,
        _ => record.await,
    };
    for answer in answers {
        if let Some(shipment) = answer.body["shipment_id"].as_str() {
            world.state().shipments.push(shipment.to_owned());
        }
    }
}

/// Records a delivery, sometimes with a time that may be before the order.
async fn deliver(world: &World) {
    let shipments = world.state().shipments.clone();
    let Some(shipment) = units::one_in(world, "SHIPMENT", &shipments, &["SHIPPED"]) else {
        return;
    };
    let body = match world.below(4) {
        0 => json!({ "delivered_at": world.clock.now() - SignedDuration::from_mins(5) }),
        _ => json!({}),
    };
    let call = |key: &str| deliver_call(&shipment, key).json(&body);
    repeated::send(world, "deliver-shipment", call).await;
}

/// Closes a shipment, which may be delivered meanwhile.
async fn close(world: &World) {
    let shipments = world.state().shipments.clone();
    let Some(shipment) = units::one_in(world, "SHIPMENT", &shipments, &["SHIPPED"]) else {
        return;
    };
    let reason = ["MISTAKE", "LOST"][world.below(2) as usize];
    repeated::send(world, "close-shipment", |key| close_call(&shipment, key, reason)).await;
}

async fn look(world: &World) {
    let under_way = Call::new("GET", "/admin/shipments").by_admin();
    world.http("list-shipments-by-status", under_way).await;
    returns::list(world).await;
    let orders = world.state().orders.clone();
    if let Some(order) = world.one_of(&orders) {
        world
            .http("list-shipments", shipments_call("", &order).by_admin())
            .await;
    }
}
