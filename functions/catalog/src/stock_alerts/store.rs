//! Reads products with their stock and their alerts, and writes the alerts (`ALERT#<sku>`). [`shared::catalog::CatalogStore`]
//! describes the table.

use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{put, transact_changes};
use shared::aws::dynamodb::{Wanted, batch_get, item_of, key, parse};
use shared::catalog::store::{parse_level, parse_product, product_key, stock_key, with_event, woken_at};
use shared::catalog::{ShardCount, Sku};
use shared::core::event::Record;
use tokio::time::Instant;

use super::{StockAlert, WatchedStock};

const DOING: &str = "watch stock";

/// Reads and writes the catalog table.
#[derive(Clone, Debug)]
pub struct WatchedStockStore {
    table: Table,
}

impl WatchedStockStore {
    /// Reads the table's name from `CATALOG_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "CATALOG_TABLE")?,
        })
    }

    /// Reads a product with its stock and its alert. Strongly consistent, but no snapshot: units that move between shards
    /// meanwhile may be missed. One request for a product in one shard, or without a threshold and with units in its first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, sku: &Sku, deadline: Instant) -> Result<Option<WatchedStock>, Error> {
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
        let (mut product, mut alert, mut available, mut woken) = (None, None, 0, None);
        for item in found.into_values().flatten() {
            let pk = text_of(&item, "pk").unwrap_or_default();
            if pk == product_key(sku) {
                woken = woken_at(&item);
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
            woken_at: woken,
        }))
    }
}

/// The key of a product's alert.
fn alert_key(sku: &Sku) -> String {
    format!("ALERT#{sku}")
}
