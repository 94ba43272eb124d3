//! Checks what has become of the units of each line of an order: by its shipments and by its stock.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{array, count, number, of_kind, text};

/// Checks that no unit is shipped or delivered twice: the units of each line are those of its shipments, and
/// delivered ≤ shipped ≤ ordered − cancelled. `fulfillment` has the items of the fulfillment table.
///
/// # Errors
/// The first violation.
pub fn check_units(orders: &[Value], fulfillment: &[Value]) -> Result<()> {
    let mut shipped: BTreeMap<(&str, String), i64> = BTreeMap::new();
    let mut delivered: BTreeMap<(&str, String), i64> = BTreeMap::new();
    // The units of a closed shipment are to be shipped again.
    let is_closed = |shipment: &&Value| matches!(text(&shipment["status"]), "CANCELLED" | "LOST");
    let shipments = of_kind(fulfillment, "SHIPMENT#").filter(|shipment| !is_closed(shipment));
    for shipment in shipments {
        for unit in array(&shipment["lines"]) {
            let line = (text(&shipment["order_id"]), text(&unit["line_id"]).to_owned());
            let quantity = number(&unit["quantity"]);
            if shipment["status"] == "DELIVERED" {
                *delivered.entry(line.clone()).or_default() += quantity;
            }
            *shipped.entry(line).or_default() += quantity;
        }
    }
    for order in orders {
        for (nth, line) in array(&order["lines"]).enumerate() {
            let place = (text(&order["order_id"]), (nth + 1).to_string());
            let line_id = &place.1;
            let is_in_order = count(line, "delivered") <= count(line, "shipped")
                && count(line, "shipped") <= number(&line["quantity"]) - count(line, "cancelled");
            ensure!(is_in_order, "more units than there are in line {line_id}: {order}");
            for (name, sums) in [("shipped", &mut shipped), ("delivered", &mut delivered)] {
                let of_shipments = sums.remove(&place).unwrap_or_default();
                ensure!(
                    count(line, name) == of_shipments,
                    "{of_shipments} units are {name} by the shipments of line {line_id}: {order}"
                );
            }
        }
    }
    ensure!(shipped.is_empty(), "shipments of lines that do not exist: {shipped:?}");
    Ok(())
}

/// Checks that each order holds the units of its lines that were not cancelled, until it ends. Returned units stay in the
/// holds, which are what it has sold.
///
/// # Errors
/// The first violation.
pub fn check_holds(orders: &[Value]) -> Result<()> {
    for order in orders {
        let mut held: BTreeMap<&str, i64> = BTreeMap::new();
        for hold in array(&order["holds"]) {
            *held.entry(text(&hold["sku"])).or_default() += number(&hold["quantity"]);
        }
        let is_open = matches!(order["status"].as_str(), Some("PENDING_PAYMENT" | "PAYING" | "PAID"));
        // Seats are no units of stock.
        for line in array(&order["lines"]).filter(|line| line["seat"].is_null()) {
            let units = number(&line["quantity"]) - count(line, "cancelled");
            let due = if is_open { units } else { 0 };
            let sku = text(&line["sku"]);
            let holds = held.remove(sku).unwrap_or_default();
            ensure!(holds == due, "holds {holds} units of {sku}, not {due}: {order}");
        }
        ensure!(held.is_empty(), "holds what it does not sell, {held:?}: {order}");
    }
    Ok(())
}
