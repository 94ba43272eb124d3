//! What callers can see to be wrong: an answer that a promise forbids.

use function_tests::auction_fixture::CARD;
use harness::engine::AUCTIONS;
use harness::gateway::{Answer, Call};
use jiff::Timestamp;
use serde_json::Value;

use crate::world::World;

/// Somebody who asked at `began` got an answer.
pub fn saw(world: &World, function: &'static str, call: &Call, answer: &Answer, began: Timestamp) {
    // A function that fails for good is a fault of ours, whatever the weather.
    if answer.status == 500 {
        world.find(format!("{function} failed: {} {}", call.event()["body"], answer.body));
    }
    if answer.status / 100 != 2 {
        return;
    }
    is_the_first(world, function, call, answer);
    match function {
        "get-order" => order_is_payable_in_time(world, &answer.body, began),
        "list-orders" => {
            for order in answer.body["orders"].as_array().into_iter().flatten() {
                order_is_payable_in_time(world, order, began);
            }
        }
        "get-order-book" => book_shows_what_stands(world, &answer.body, began),
        _ => {}
    }
}

/// Promise 3: a retried request is the first one.
fn is_the_first(world: &World, function: &str, call: &Call, answer: &Answer) {
    let event = call.event();
    let Some(key) = event["headers"]["idempotency-key"].as_str() else {
        return;
    };
    let id = [
        "order_id",
        "bid_id",
        "trade_id",
        "voucher_id",
        "receipt_id",
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
        world.find(format!("a retried request is another one: {function} {first} {id}"));
    }
}

/// Promise 7: an order whose time is over is not shown as one that can be paid.
fn order_is_payable_in_time(world: &World, order: &Value, began: Timestamp) {
    if order["status"] == "PENDING_PAYMENT" && time(&order["expires_at"]) <= began {
        world.find(format!("expired, and served: {order}"));
    }
}

/// Promise 7: the book shows no bid from its deadline on, whatever the cleaner has done.
fn book_shows_what_stands(world: &World, book: &Value, began: Timestamp) {
    for side in ["buy", "sell"] {
        let shown = book[side]["bids"].as_array();
        if shown.is_none_or(Vec::is_empty) {
            continue;
        }
        let stands = world.tables.partition(AUCTIONS, &format!("BOOK#{CARD}#{side}"));
        for shown in shown.into_iter().flatten() {
            // Two may be placed at one moment for one price: that one of them stands is enough.
            let mut kept = stands.iter().filter(|kept| {
                kept["placed_at"]["S"] == shown["placed_at"]
                    && kept["price"]["N"].as_str() == Some(shown["price"].to_string().as_str())
            });
            let first = kept.next().filter(|kept| is_over(kept, began));
            if let Some(first) = first
                && kept.all(|kept| is_over(kept, began))
            {
                world.find(format!("expired, and served: {shown} {first}"));
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
