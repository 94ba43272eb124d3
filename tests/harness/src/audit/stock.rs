//! Checks that every received unit is in a shard, held by an open order, or sold to a paid one.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{number, text};

/// The units of one product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Units received.
    pub received: i64,
    /// Units available in the shards.
    pub available: i64,
    /// Units that open orders and invoices hold, and that paid orders bought.
    pub held: i64,
    /// The fewest units in a shard.
    pub least: i64,
}

impl Balance {
    /// Checks promises 1 and 2: nothing is oversold, and every unit is accounted for.
    ///
    /// # Errors
    /// The first violation.
    pub fn check(&self) -> Result<()> {
        ensure!(self.least >= 0, "a shard is negative: {self:?}");
        ensure!(
            self.received == self.available + self.held,
            "received units differ from available and held units: {self:?}"
        );
        Ok(())
    }
}

/// Returns the balance of each product. `catalog` has the items of the catalog table; `holders` has the items that hold
/// stock: orders, and subscriptions with their invoices.
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
