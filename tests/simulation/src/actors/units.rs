//! Units of the lines of an order, as the table has it.

use harness::engine::{FULFILLMENT, ORDERS};
use serde_json::Value;

use crate::world::World;

/// How many orders are looked at to find one with units.
const TRIES: usize = 8;

/// Units of lines, by the ids of the lines.
pub type Units = Vec<(String, u32)>;

/// Draws one of `orders`, a paid one with units `left`, in a few tries.
pub fn find(world: &World, orders: &[String], left: fn(&Value) -> i64) -> Option<String> {
    let has_units = |order: &Value| {
        let mut lines = order["lines"].as_array().into_iter().flatten();
        order["status"] == "PAID" && lines.any(|line| left(line) > 0)
    };
    let mut drawn = (0..TRIES).map_while(|_| world.one_of(orders));
    drawn.find(|id| stored(world, id).is_some_and(|order| has_units(&order)))
}

/// Draws one of the shipments or returns `ids`, mostly one with one of `statuses`.
pub fn one_in(world: &World, kind: &str, ids: &[String], statuses: &[&str]) -> Option<String> {
    let is_open = |id: &String| {
        let item = world.tables.item(FULFILLMENT, &format!("{kind}#{id}"));
        item.is_some_and(|item| item["status"].as_str().is_some_and(|status| statuses.contains(&status)))
    };
    let mut drawn = (0..TRIES).map_while(|_| world.one_of(ids));
    drawn.find(|id| is_open(id)).or_else(|| world.one_of(ids))
}

/// Returns an order as stored.
pub fn stored(world: &World, order_id: &str) -> Option<Value> {
    world.tables.item(ORDERS, &format!("ORDER#{order_id}"))
}

/// Draws units of an order: of each line some of the units that are `left`, and now and then one more. Empty if no line has
/// units left.
pub fn draw(world: &World, order: &Value, left: fn(&Value) -> i64) -> Units {
    let mut units = vec![];
    for (nth, line) in order["lines"].as_array().into_iter().flatten().enumerate() {
        let left = left(line).max(0).unsigned_abs();
        let drawn = match world.below(8) {
            _ if left == 0 => 0,
            0 => left + 1,
            1..=2 => left,
            _ => world.below(left + 1),
        };
        if drawn > 0 {
            units.push(((nth + 1).to_string(), drawn as u32));
        }
    }
    units
}

/// The units that can be cancelled.
pub fn left_to_cancel(line: &Value) -> i64 {
    count(line, "quantity") - count(line, "cancelled") - count(line, "shipped")
}

/// The units that can be shipped.
pub fn left_to_ship(line: &Value) -> i64 {
    if line["package"].is_null() {
        return 0;
    }
    left_to_cancel(line)
}

/// The units that can be returned.
pub fn left_to_return(line: &Value) -> i64 {
    count(line, "delivered") - count(line, "returned") - count(line, "returning")
}

/// The units as requests have them.
pub fn borrowed(units: &Units) -> Vec<(&str, u32)> {
    units
        .iter()
        .map(|(line, quantity)| (line.as_str(), *quantity))
        .collect()
}

fn count(line: &Value, name: &str) -> i64 {
    line[name].as_i64().unwrap_or_default()
}
