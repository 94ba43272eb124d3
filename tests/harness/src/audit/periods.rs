//! The auditor of subscriptions: each period is charged once at most, and what was charged has its order.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use sandbox::Entry;
use serde_json::Value;
use shared::core::id::SubscriptionPeriod;

use super::{number, text};
use crate::engine::{Engine, ORDERS, SUBSCRIPTIONS};

/// What the tables say of the periods of subscriptions, and what the providers took for them.
#[derive(Debug)]
pub struct Periods {
    invoices: Vec<Value>,
    orders: BTreeMap<String, Value>,
    ledger: BTreeMap<String, Vec<Entry>>,
}

impl Engine {
    /// The periods of all subscriptions as they stand now, beside the providers' `ledger`.
    pub async fn periods(&self, ledger: Vec<Entry>) -> Periods {
        Periods::from_items(&self.items(ORDERS).await, &self.items(SUBSCRIPTIONS).await, &ledger)
    }
}

impl Periods {
    /// The same of items that were read. What was taken for orders that no subscription made is left out.
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

    /// What is true at every moment: no provider took money for a period twice, and money that the books know of is that
    /// of the invoice.
    ///
    /// # Errors
    /// What is wrong.
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
                "PAID" => {
                    let order = order.with_context(|| format!("paid, and without an order: {invoice}"))?;
                    let taken = taken.with_context(|| format!("paid, and never charged: {invoice}"))?;
                    ensure!(
                        number(&invoice["total"]["amount"]) == taken.charged,
                        "{invoice} {taken:?}"
                    );
                    ensure!(invoice["order_id"] == order["order_id"], "{invoice} {order}");
                    ensure!(invoice["lines"] == order["lines"], "{invoice} {order}");
                }
                "CHARGING" => ensure!(order.is_none(), "ordered before it was charged: {invoice} {order:?}"),
                _ => {
                    let is_cancelled = order.is_none_or(|order| order["status"] == "CANCELLED");
                    ensure!(is_cancelled, "delivered, and not paid: {invoice} {order:?}");
                    let is_known = order.is_some() == taken.is_some();
                    ensure!(is_known, "charged, and not in the books: {invoice} {taken:?}");
                    let holds = invoice["holds"].as_array().expect("holds");
                    ensure!(holds.is_empty(), "it holds what it does not deliver: {invoice}");
                }
            }
        }
        Ok(())
    }

    /// How many periods were charged.
    pub fn charged(&self) -> usize {
        self.ledger.len()
    }
}

/// The order that an invoice's money pays.
fn order_of(invoice: &Value) -> Result<String> {
    let of: SubscriptionPeriod = serde_json::from_value(invoice.clone())?;
    Ok(billing::invoice::order_id(of).to_string())
}
