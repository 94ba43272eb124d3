//! What customers do with an order that they placed: read what belongs to it, cancel units of it, and return others.

use function_tests::delivery::details_call;
use function_tests::fulfillment_fixture::{cancel_call, return_call, shipments_call};
use harness::gateway::Call;

use super::units::{self, left_to_cancel, left_to_return};
use super::{personal_data, repeated};
use crate::world::World;

/// Comes back to one of a customer's `orders`.
pub async fn revisit(world: &World, name: &str, orders: &[String]) {
    let Some(order) = world.one_of(orders) else { return };
    let arrived = units::find(world, orders, left_to_return);
    match (world.below(8), arrived) {
        (0, _) => read(world, name, &order).await,
        (2.., Some(arrived)) => return_units(world, name, &arrived).await,
        _ => cancel_units(world, name, &order).await,
    }
}

/// Cancels units of an order.
pub async fn cancel_units(world: &World, name: &str, order_id: &str) {
    let order = units::stored(world, order_id).unwrap_or_default();
    let units = units::draw(world, &order, left_to_cancel);
    if !units.is_empty() {
        if world.below(2) == 0 {
            let quote = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", order_id);
            world.http("create-cancellation-quote", quote.by(name)).await;
        }
        let call = |key: &str| cancel_call(name, order_id, key, &units::borrowed(&units));
        repeated::send(world, "cancel-order", call).await;
    }
}

async fn return_units(world: &World, name: &str, order_id: &str) {
    let order = units::stored(world, order_id).unwrap_or_default();
    let units = units::draw(world, &order, left_to_return);
    if units.is_empty() {
        return;
    }
    let call = |key: &str| return_call(name, order_id, key, &units::borrowed(&units));
    for answer in repeated::send(world, "request-return", call).await {
        if let Some(id) = answer.body["return_id"].as_str() {
            world.state().returns.push(id.to_owned());
        }
    }
}

async fn read(world: &World, name: &str, order_id: &str) {
    world.http("list-shipments", shipments_call(name, order_id)).await;
    for (function, route) in [
        ("list-order-returns", "/orders/{order_id}/returns"),
        ("get-receipt", "/orders/{order_id}/receipt"),
    ] {
        let call = Call::new("GET", route).path("order_id", order_id);
        world.http(function, call.by(name)).await;
    }
    let details = world
        .http("get-delivery-details", details_call(order_id).by(name))
        .await;
    let is_own = details.body["contact"] == personal_data::contact(name)
        && details.body["shipping_address"] == personal_data::address(name);
    if details.status == 200 && !is_own {
        world.report(format!("other delivery details than {name} gave: {}", details.body));
    }
}
