//! Units of the lines of an order, as the table has it.

use harness::engine::ORDERS;
use serde_json::Value;

use crate::world::World;

/// Units of lines, by the ids of the lines.
pub type Units = Vec<(String, u32)>;

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
