//! Checks what has become of the units of each line of an order: by its shipments and by its stock.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{array, count, number, of_kind, text};

/// Checks that no unit is shipped or delivered twice: the units of each line are those of its shipments, and
/// delivered ≤ shipped, and shipped + lost ≤ ordered − cancelled. Each unit of a lost parcel is to be shipped again or written off, also
/// if it turned up after that.
/// `fulfillment` has the items of the fulfillment table.
///
/// # Errors
/// The first violation.
pub fn check_units(orders: &[Value], fulfillment: &[Value]) -> Result<()> {
    let mut shipped: BTreeMap<(&str, String), i64> = BTreeMap::new();
    let mut delivered: BTreeMap<(&str, String), i64> = BTreeMap::new();
    let mut lost: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for shipment in of_kind(fulfillment, "SHIPMENT#") {
        for unit in array(&shipment["lines"]) {
            let line = (text(&shipment["order_id"]), text(&unit["line_id"]).to_owned());
            let quantity = number(&unit["quantity"]);
            match text(&shipment["status"]) {
                // Its units were never under way.
                "CANCELLED" => continue,
                "LOST" => {
                    *lost.entry(line).or_default() += quantity;
                    continue;
                }
                "DELIVERED" => *delivered.entry(line.clone()).or_default() += quantity,
                _ => {}
            }
            *shipped.entry(line).or_default() += quantity;
        }
    }
    for order in orders {
        for (nth, line) in array(&order["lines"]).enumerate() {
            let place = (text(&order["order_id"]), (nth + 1).to_string());
            let line_id = &place.1;
            let is_in_order = count(line, "delivered") <= count(line, "shipped")
                && count(line, "shipped") + count(line, "lost") <= number(&line["quantity"]) - count(line, "cancelled");
            ensure!(is_in_order, "more units than there are in line {line_id}: {order}");
            // The customer has these beside the shipped ones, and another unit was taken for each.
            let surplus = count(line, "surplus");
            let missing = count(line, "lost") + count(line, "written_off") - surplus;
            for (name, units, sums) in [
                ("shipped", count(line, "shipped") + surplus, &mut shipped),
                ("delivered", count(line, "delivered") + surplus, &mut delivered),
                ("lost", missing, &mut lost),
            ] {
                let of_shipments = sums.remove(&place).unwrap_or_default();
                ensure!(
                    units == of_shipments,
                    "{of_shipments} units are {name} by the shipments of line {line_id}: {order}"
                );
            }
        }
    }
    shipped.extend(lost);
    ensure!(shipped.is_empty(), "shipments of lines that do not exist: {shipped:?}");
    Ok(())
}

/// Checks that each order holds the units of its lines that were not cancelled, and those of lost parcels that were shipped again or
/// cancelled, until it ends. Returned units stay in the holds, which are what it has sold.
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
            let units = number(&line["quantity"]) - count(line, "cancelled") + count(line, "written_off");
            let due = if is_open { units } else { 0 };
            let sku = text(&line["sku"]);
            let holds = held.remove(sku).unwrap_or_default();
            ensure!(holds == due, "holds {holds} units of {sku}, not {due}: {order}");
        }
        ensure!(held.is_empty(), "holds what it does not sell, {held:?}: {order}");
    }
    Ok(())
}
