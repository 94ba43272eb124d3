//! The auditor of stock: every unit that was received is on a shelf, held by an open order, or sold to a paid one.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{number, text};

/// The units of one product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What receipts say arrived.
    pub received: i64,
    /// What shards have left.
    pub available: i64,
    /// What open orders and invoices hold, and paid orders bought.
    pub held: i64,
    /// The fewest units in a shard.
    pub least: i64,
}

impl Balance {
    /// Promises 1 and 2: nothing is oversold, and every unit is accounted for.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<()> {
        ensure!(self.least >= 0, "a shard has less than nothing: {self:?}");
        ensure!(
            self.received == self.available + self.held,
            "units appeared or vanished: {self:?}"
        );
        Ok(())
    }
}

/// The balance of each product, by the items of the catalog's table and those of the tables of what holds stock: orders,
/// and subscriptions with their invoices.
pub fn balances<'a>(catalog: &[Value], holders: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Balance> {
    let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
    for item in catalog {
        let mut parts = text(&item["pk"]).split('#');
        match parts.next() {
            Some("RECEIPT") => {
                balances.entry(text(&item["sku"]).to_owned()).or_default().received += number(&item["quantity"]);
            }
            Some("STOCK") => {
                let balance = balances.entry(parts.next().expect("a sku").to_owned()).or_default();
                let available = number(&item["available"]);
                balance.available += available;
                balance.least = balance.least.min(available);
            }
            _ => {}
        }
    }
    for holds in holders.into_iter().filter_map(|holder| holder["holds"].as_array()) {
        for hold in holds {
            balances.entry(text(&hold["sku"]).to_owned()).or_default().held += number(&hold["quantity"]);
        }
    }
    balances
}
