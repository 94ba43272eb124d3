//! Checks each response for violations of the promises that callers can see, and against the API description.

use function_tests::auction_fixture::CARD;
use harness::description;
use harness::engine::{AUCTIONS, CATALOG, FULFILLMENT};
use harness::gateway::{Answer, Call};
use jiff::Timestamp;
use serde_json::Value;

use crate::world::World;

/// Checks the response to a request sent at `began`.
pub fn check(world: &World, function: &'static str, call: &Call, answer: &Answer, began: Timestamp) {
    // An internal error is a bug under any faults.
    if answer.status == 500 {
        world.report(format!("{function} failed: {} {}", call.event()["body"], answer.body));
    }
    // API Gateway answers for a function that has ended early, without a request id.
    if !answer.request_id.is_empty()
        && let Some(violation) = description::violation(call.route(), answer)
    {
        world.report(violation);
    }
    if answer.status / 100 != 2 {
        return;
    }
    retry_returns_the_same_entity(world, function, call, answer);
    match function {
        "get-order" => order_is_payable_in_time(world, &answer.body, began),
        "list-orders" => {
            for order in answer.body["items"].as_array().into_iter().flatten() {
                order_is_payable_in_time(world, order, began);
            }
        }
        "create-stock-movement" => movement_is_recorded(world, &answer.body),
        "create-shipment" => shipment_is_recorded(world, &answer.body),
        "get-order-book" => order_book_has_only_open_bids(world, &answer.body, began),
        _ => {}
    }
}

/// Promise 3: a retry returns the first response's entity.
fn retry_returns_the_same_entity(world: &World, function: &str, call: &Call, answer: &Answer) {
    let event = call.event();
    let Some(key) = event["headers"]["idempotency-key"].as_str() else {
        return;
    };
    let id = [
        "shipment_id",
        "return_id",
        "order_id",
        "bid_id",
        "trade_id",
        "voucher_id",
        "movement_id",
        "payment_id",
    ]
    .iter()
    .find_map(|name| answer.body[*name].as_str());
    let Some(id) = id else { return };
    let customer = &event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"];
    let asked = format!("{function} {customer} {key} {}", event["pathParameters"]);
    let first = world
        .state()
        .answered
        .entry(asked)
        .or_insert_with(|| id.to_owned())
        .clone();
    if first != id {
        world.report(format!("a retry returned another entity: {function} {first} {id}"));
    }
}

/// Promise 5: a movement that a response shows is in the table.
fn movement_is_recorded(world: &World, movement: &Value) {
    let pk = format!("MOVEMENT#{}", movement["movement_id"].as_str().unwrap_or_default());
    let recorded = world.tables.item(CATALOG, &pk).unwrap_or_default();
    let names = ["sku", "kind", "change", "note", "created_at"];
    if names.iter().any(|name| recorded[*name] != movement[*name]) {
        world.report(format!(
            "a movement was answered, but not recorded: {movement} {recorded}"
        ));
    }
}

/// Promise 5: a shipment that a response shows is in the table.
fn shipment_is_recorded(world: &World, shipment: &Value) {
    let pk = format!("SHIPMENT#{}", shipment["shipment_id"].as_str().unwrap_or_default());
    let recorded = world.tables.item(FULFILLMENT, &pk).unwrap_or_default();
    let names = ["order_id", "lines", "carrier", "tracking_number", "shipped_at"];
    if names.iter().any(|name| recorded[*name] != shipment[*name]) {
        world.report(format!(
            "a shipment was answered, but not recorded: {shipment} {recorded}"
        ));
    }
}

/// Promise 7: an order past its deadline is not shown as payable.
fn order_is_payable_in_time(world: &World, order: &Value, began: Timestamp) {
    if order["status"] == "PENDING_PAYMENT" && time(&order["expires_at"]) <= began {
        world.report(format!("expired, but returned: {order}"));
    }
}

/// Promise 7: the order book shows no bid from its deadline on, even before expiry runs.
fn order_book_has_only_open_bids(world: &World, book: &Value, began: Timestamp) {
    for side in ["buy", "sell"] {
        let shown = book[side]["items"].as_array();
        if shown.is_none_or(Vec::is_empty) {
            continue;
        }
        let open = world
            .tables
            .partition(AUCTIONS, &format!("BOOK#{CARD}#{}", side.to_uppercase()));
        for shown in shown.into_iter().flatten() {
            // Two bids may have the same time and price: one of them has to be open.
            let mut kept = open.iter().filter(|kept| {
                kept["placed_at"]["S"] == shown["placed_at"]
                    && kept["price"]["N"].as_str() == Some(shown["price"].to_string().as_str())
            });
            let first = kept.next().filter(|kept| is_over(kept, began));
            if let Some(first) = first
                && kept.all(|kept| is_over(kept, began))
            {
                world.report(format!("expired, but returned: {shown} {first}"));
            }
        }
    }
}

fn is_over(bid: &Value, at: Timestamp) -> bool {
    time(&bid["expires_at"]["S"]) <= at
}

fn time(value: &Value) -> Timestamp {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    text.parse().expect("a time")
}
