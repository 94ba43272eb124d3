//! What customers do with an order that they placed: read what belongs to it, and cancel units of it.

use function_tests::delivery::details_call;
use function_tests::fulfillment_fixture::{cancel_call, shipments_call};
use harness::gateway::Call;

use super::personal_data;
use super::units::{self, left_to_cancel};
use crate::world::World;

/// Comes back to an order.
pub async fn revisit(world: &World, name: &str, order_id: &str) {
    match world.below(6) {
        0 => read(world, name, order_id).await,
        _ => cancel_units(world, name, order_id).await,
    }
}

/// Cancels units of an order, sometimes in two tabs at once, and sometimes again later with the same key.
pub async fn cancel_units(world: &World, name: &str, order_id: &str) {
    let Some(order) = units::stored(world, order_id) else {
        return;
    };
    let units = units::draw(world, &order, left_to_cancel);
    if units.is_empty() {
        return;
    }
    let cancel = async |key: &str| {
        let call = cancel_call(name, order_id, key, &units::borrowed(&units));
        world.request("cancel-order", call).await
    };
    let (key, other) = (world.key(), world.key());
    match world.below(4) {
        0 => drop(tokio::join!(cancel(&key), cancel(&other))),
        1 => {
            cancel(&key).await;
            world.pause().await;
            cancel(&key).await;
        }
        _ => drop(cancel(&key).await),
    }
}

async fn read(world: &World, name: &str, order_id: &str) {
    world.http("list-shipments", shipments_call(name, order_id)).await;
    let receipt = Call::new("GET", "/orders/{order_id}/receipt").path("order_id", order_id);
    world.http("get-receipt", receipt.by(name)).await;
    let details = world
        .http("get-delivery-details", details_call(order_id).by(name))
        .await;
    let is_own = details.body["contact"] == personal_data::contact(name)
        && details.body["shipping_address"] == personal_data::address(name);
    if details.status == 200 && !is_own {
        world.report(format!("other delivery details than {name} gave: {}", details.body));
    }
}
