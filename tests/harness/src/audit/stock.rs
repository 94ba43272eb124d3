//! Checks that every unit that came in is in a shard, held by an open order, or sold to a paid one.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{number, text};

/// The units of one product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Units received.
    pub received: i64,
    /// Units added by corrections, less those taken away.
    pub corrected: i64,
    /// Units written off.
    pub written_off: i64,
    /// Units that customers sent back, for sale again.
    pub returned: i64,
    /// Units available in the shards.
    pub available: i64,
    /// Units that open orders and invoices hold, and that paid orders bought.
    pub held: i64,
    /// The fewest units in a shard.
    pub least: i64,
    /// Movements whose change has the wrong sign for their kind.
    pub wrong: u32,
}

impl Balance {
    /// Checks promises 1 and 2: nothing is oversold, and every unit is accounted for.
    ///
    /// # Errors
    /// The first violation.
    pub fn check(&self) -> Result<()> {
        ensure!(self.least >= 0, "a shard is negative: {self:?}");
        ensure!(self.wrong == 0, "a movement goes in the wrong direction: {self:?}");
        let moved = self.received + self.corrected - self.written_off + self.returned;
        ensure!(
            moved == self.available + self.held,
            "the movements differ from available and held units: {self:?}"
        );
        Ok(())
    }

    fn add(&mut self, kind: &str, change: i64) {
        let is_right = match kind {
            "RECEIPT" | "RETURN" => change > 0,
            "WRITE_OFF" => change < 0,
            _ => change != 0,
        };
        self.wrong += u32::from(!is_right);
        match kind {
            "RECEIPT" => self.received += change,
            "CORRECTION" => self.corrected += change,
            "WRITE_OFF" => self.written_off -= change,
            "RETURN" => self.returned += change,
            other => panic!("no movement is a {other}"),
        }
    }
}

/// Returns the balance of each product. `catalog` has the items of the catalog table; `holders` has the items that hold
/// stock: orders, and subscriptions with their invoices.
pub fn balances<'a>(catalog: &[Value], holders: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Balance> {
    let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
    for item in catalog {
        let mut parts = text(&item["pk"]).split('#');
        match parts.next() {
            Some("MOVEMENT") => {
                let balance = balances.entry(text(&item["sku"]).to_owned()).or_default();
                balance.add(text(&item["kind"]), number(&item["change"]));
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
