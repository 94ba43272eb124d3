//! The low-stock alerts in the catalog table.

use tokio::time::Instant;

use super::{parse_level, parse_product, product_key, schedules, stock_key, with_event};
use crate::aws::dynamodb::table::text_of;
use crate::aws::dynamodb::transaction::{put, transact_changes};
use crate::aws::dynamodb::{Wanted, batch_get, item_of, key, parse};
use crate::catalog::{CatalogStore, ShardCount, Sku, StockAlert, WatchedStock};
use crate::core::error::Error;
use crate::core::event::Record;

const DOING: &str = "watch stock";

impl CatalogStore {
    /// Reads a product with its stock and its alert. Strongly consistent, but no snapshot: units that move between shards
    /// meanwhile may be missed. One request for a product in one shard, or without a threshold and with units in its first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn watched_stock(&self, sku: &Sku, deadline: Instant) -> Result<Option<WatchedStock>, Error> {
        let mut count = ShardCount::ONE;
        loop {
            let Some(stock) = self.watched_shards(sku, count, deadline).await? else {
                return Ok(None);
            };
            let present = stock.product.stock_shards;
            let is_enough = stock.product.low_stock_threshold.is_none() && !stock.is_sold_out();
            if present == count || is_enough {
                return Ok(Some(stock));
            }
            // The product has more shards than were read.
            count = present;
        }
    }

    /// Records a crossing, with its event if it is a fall, in one write. Its condition: no other crossing was recorded since
    /// the alert was read. Returns whether it held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_alert(
        &self,
        alert: &StockAlert,
        event: Option<&Record>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let pk = alert_key(&alert.sku);
        let item = match event {
            Some(event) => with_event(DOING, pk, alert, event)?,
            None => item_of(DOING, pk, alert)?,
        };
        let items = vec![put(self.table.put_if_version(item, alert.version))?];
        transact_changes(&self.table.client, DOING, items, 1, deadline).await
    }

    /// The product that an item with the key `pk` describes or has stock of.
    pub fn sku_in_key(pk: &str) -> Option<Sku> {
        let of_stock = || {
            let sku = pk.strip_prefix("STOCK#")?.rsplit_once('#')?.0;
            Sku::try_from(sku.to_owned()).ok()
        };
        Self::product_in_key(pk).or_else(of_stock)
    }

    /// The product that an item with the key `pk` describes.
    pub fn product_in_key(pk: &str) -> Option<Sku> {
        Sku::try_from(pk.strip_prefix("PRODUCT#")?.to_owned()).ok()
    }

    async fn watched_shards(
        &self,
        sku: &Sku,
        count: ShardCount,
        deadline: Instant,
    ) -> Result<Option<WatchedStock>, Error> {
        let mut keys = vec![key(product_key(sku)), key(alert_key(sku))];
        keys.extend(count.shards().map(|shard| key(stock_key(sku, shard))));
        let wanted = Wanted {
            table: &self.table.name,
            keys,
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let (mut product, mut alert, mut available, mut woken_at) = (None, None, 0, None);
        for item in found.into_values().flatten() {
            let pk = text_of(&item, "pk").unwrap_or_default();
            if pk == product_key(sku) {
                woken_at = schedules::woken_at(&item);
                product = Some(parse_product(item)?);
            } else if pk == alert_key(sku) {
                alert = Some(parse(DOING, item)?);
            } else {
                available += parse_level(item)?.1.available;
            }
        }
        Ok(product.map(|product| WatchedStock {
            product,
            available,
            alert,
            woken_at,
        }))
    }
}

/// The key of a product's alert.
fn alert_key(sku: &Sku) -> String {
    format!("ALERT#{sku}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_products_and_stock_name_the_product() {
        let sku = |pk: &str| CatalogStore::sku_in_key(pk).map(|sku| sku.to_string());
        for pk in ["PRODUCT#tea", "STOCK#tea#0", "STOCK#tea#63"] {
            assert_eq!(sku(pk).as_deref(), Some("tea"), "{pk}");
        }
        for pk in [
            "",
            "ALERT#tea",
            "MOVEMENT#tea",
            "STOCK#tea",
            "PRODUCT#",
            "PRODUCT#a#b",
            "tea",
        ] {
            assert_eq!(sku(pk), None, "{pk}");
        }
    }
}
