//! Checks that each subscription period is charged at most once and that each charge has its order.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use sandbox::Entry;
use serde_json::Value;
use shared::core::id::SubscriptionPeriod;

use super::{line_discount, number, text};
use crate::engine::{Engine, ORDERS, SUBSCRIPTIONS};

/// The invoices and orders in the tables, and the providers' ledger.
#[derive(Debug)]
pub struct Periods {
    invoices: Vec<Value>,
    orders: BTreeMap<String, Value>,
    ledger: BTreeMap<String, Vec<Entry>>,
}

impl Engine {
    /// Reads the invoices of all subscriptions, to compare them with the providers' `ledger`.
    pub async fn periods(&self, ledger: Vec<Entry>) -> Periods {
        Periods::from_items(&self.items(ORDERS).await, &self.items(SUBSCRIPTIONS).await, &ledger)
    }
}

impl Periods {
    /// Audits items that were read before. Charges for orders that no subscription made are ignored.
    pub fn from_items(orders: &[Value], subscriptions: &[Value], ledger: &[Entry]) -> Self {
        let invoices = subscriptions
            .iter()
            .filter(|item| text(&item["sk"]).starts_with("INVOICE#"));
        let invoices: Vec<Value> = invoices.cloned().collect();
        let of_invoices: BTreeSet<String> = invoices.iter().filter_map(|invoice| order_of(invoice).ok()).collect();
        let orders: BTreeMap<String, Value> = orders
            .iter()
            .map(|order| (text(&order["order_id"]).to_owned(), order.clone()))
            .collect();
        let is_other = |id: &str| orders.contains_key(id) && !of_invoices.contains(id);
        let mut taken: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in ledger
            .iter()
            .filter(|entry| entry.charges > 0 && !is_other(&entry.order_id))
        {
            taken.entry(entry.order_id.clone()).or_default().push(entry.clone());
        }
        Self {
            invoices,
            orders,
            ledger: taken,
        }
    }

    /// Checks what is true at every moment: no period is charged twice, and each recorded charge matches its invoice.
    ///
    /// # Errors
    /// The first violation.
    pub fn check(&self) -> Result<()> {
        for (order_id, entries) in &self.ledger {
            let charges: u32 = entries.iter().map(|entry| entry.charges).sum();
            ensure!(
                charges == 1,
                "order {order_id} was charged {charges} times: {entries:?}"
            );
        }
        for invoice in &self.invoices {
            let id = order_of(invoice)?;
            let order = self.orders.get(&id);
            let taken = self.ledger.get(&id).and_then(|entries| entries.first());
            match text(&invoice["status"]) {
                "PAID" if number(&invoice["totals"]["total"]["amount"]) == 0 => {
                    let order = order.with_context(|| format!("free, but without an order: {invoice}"))?;
                    ensure!(taken.is_none(), "free, but charged: {invoice} {taken:?}");
                    ensure!(order.get("payment_id").is_none(), "free, but with a payment: {order}");
                    ensure!(bought(invoice) == bought(order), "{invoice} {order}");
                }
                "PAID" => {
                    let order = order.with_context(|| format!("paid, but without an order: {invoice}"))?;
                    let taken = taken.with_context(|| format!("recorded as paid, but never charged: {invoice}"))?;
                    ensure!(
                        number(&invoice["totals"]["total"]["amount"]) == taken.charged,
                        "{invoice} {taken:?}"
                    );
                    ensure!(invoice["order_id"] == order["order_id"], "{invoice} {order}");
                    ensure!(bought(invoice) == bought(order), "{invoice} {order}");
                }
                "CHARGING" => ensure!(order.is_none(), "order placed before the charge: {invoice} {order:?}"),
                _ => {
                    let is_cancelled = order.is_none_or(|order| order["status"] == "CANCELLED");
                    ensure!(is_cancelled, "delivered, but not paid: {invoice} {order:?}");
                    let is_known = order.is_some() == taken.is_some();
                    ensure!(is_known, "charged, but not recorded: {invoice} {taken:?}");
                    let holds = invoice["holds"].as_array().expect("holds");
                    ensure!(holds.is_empty(), "holds stock that it does not deliver: {invoice}");
                }
            }
        }
        Ok(())
    }

    /// Returns the number of periods that were charged.
    pub fn charged(&self) -> usize {
        self.ledger.len()
    }
}

/// Returns what the lines of an invoice or an order sell, at what price, and with what discount.
fn bought(item: &Value) -> Vec<([&Value; 4], i64)> {
    let lines = item["lines"].as_array().expect("lines").iter();
    let sold = lines.map(|line| {
        let names = ["sku", "name", "quantity", "unit_price"].map(|name| &line[name]);
        (names, line_discount(line))
    });
    sold.collect()
}

/// Derives the id of the order that an invoice pays.
fn order_of(invoice: &Value) -> Result<String> {
    let of: SubscriptionPeriod = serde_json::from_value(invoice.clone())?;
    Ok(billing::invoice::order_id(of).to_string())
}
