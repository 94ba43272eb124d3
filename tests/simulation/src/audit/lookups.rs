//! Checks the lists by which administrators find orders: each order is in those that follow from it, and no row comes from
//! personal data that were erased.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::lookups::{Position, SHARDS};
use uuid::Uuid;

use super::key;

/// Checks the rows of all orders.
///
/// # Errors
/// The first order that lacks a row, or a row without an order.
pub fn check_lookups(orders: &[Value], accounts: &[Value], lookups: &[Value]) -> Result<()> {
    let rows = lookups
        .iter()
        .map(|row| (key(row).to_owned(), text(&row["sk"]).to_owned()));
    let mut rows: BTreeSet<(String, String)> = rows.collect();
    let states = |row: &'static str| -> BTreeMap<&str, &Value> {
        let rows = lookups.iter().filter(|item| item["sk"] == row);
        rows.map(|row| (key(row), row)).collect()
    };
    let (statuses, to_ship) = (states("STATUS"), states("TO_SHIP"));
    for order in orders.iter().filter(|item| key(item).starts_with("ORDER#")) {
        let id: Uuid = text(&order["order_id"]).parse()?;
        let at = Position::new(text(&order["placed_at"]).parse()?, id).to_string();
        let shard = id.as_bytes()[0] % SHARDS;
        let mut wanted = vec![format!("ORDERS#ALL#{shard}")];
        let lines = order["lines"].as_array().into_iter().flatten();
        for sku in lines.filter_map(|line| line["sku"].as_str()) {
            wanted.push(format!("ORDERS#PRODUCT#{sku}#{shard}"));
        }
        wanted.dedup();
        for list in wanted {
            let row = (list, at.clone());
            ensure!(rows.remove(&row), "no row {row:?}: {order}");
        }
        let status = statuses
            .get(key(order))
            .with_context(|| format!("no status of {order}"))?;
        ensure!(
            status["version"] == order["version"],
            "another version, {status}: {order}"
        );
        check_to_ship(order, to_ship.get(key(order)).copied(), shard)?;
    }
    let lists = rows
        .iter()
        .filter(|(pk, _)| pk.starts_with("ORDERS#ALL#") || pk.starts_with("ORDERS#PRODUCT#"));
    let unknown: Vec<_> = lists.collect();
    ensure!(unknown.is_empty(), "there are no such orders: {unknown:?}");
    for erasure in accounts.iter().filter(|item| key(item).starts_with("ERASURE#")) {
        let customer = &erasure["customer_id"];
        let data_key = accounts
            .iter()
            .find(|item| key(item) == format!("KEY#{}", text(customer)));
        // A customer who orders again has a data key again.
        ensure!(
            data_key.is_some() || !lookups.iter().any(|row| row["customer_id"] == *customer),
            "rows of the erased {customer} are left"
        );
    }
    Ok(())
}

/// Checks that an order is in the list of those that are to be shipped exactly if it is paid and has such units.
fn check_to_ship(order: &Value, row: Option<&Value>, shard: u8) -> Result<()> {
    let mut lines = order["lines"].as_array().into_iter().flatten();
    let count = |line: &Value, name: &str| line[name].as_u64().unwrap_or_default();
    let is_left = lines.any(|line| {
        let gone = count(line, "cancelled") + count(line, "shipped");
        line["package"].is_object() && count(line, "quantity") > gone
    });
    let wanted = (order["status"] == "PAID" && is_left).then(|| format!("ORDERS#TO_SHIP#{shard}"));
    let listed = row.and_then(|row| row["list"].as_str());
    ensure!(listed == wanted.as_deref(), "is in the list {listed:?}: {order}");
    if let Some(row) = row {
        ensure!(row["version"] == order["version"], "another version, {row}: {order}");
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
