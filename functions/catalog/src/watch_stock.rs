//! Runs for batches of the catalog table's stream, some seconds after products or their stock have changed: publishes
//! `StockLow` when a product's available units have fallen below its threshold, once until they are at it again.
//!
//! A change only says which product to look at, so changes may arrive in any order and repeatedly.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::iter;
use serde::Deserialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::catalog::{CatalogEvent, CatalogStore, Sku};

/// The function's store.
#[derive(Debug)]
pub struct WatchStock {
    /// Products, their stock and its alerts.
    pub catalog: CatalogStore,
}

impl WatchStock {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
        })
    }
}

/// How many products are looked at at the same time.
const CONCURRENT: usize = 8;

/// A batch of changes, as Lambda delivers it. Has the fields that are used: no other, such as an image of an item, can make a
/// whole batch unreadable.
#[derive(Debug, Deserialize)]
pub struct Changes {
    #[serde(rename = "Records")]
    records: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Change {
    dynamodb: ChangedItem,
}

#[derive(Debug, Deserialize)]
struct ChangedItem {
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Debug, Deserialize)]
struct Keys {
    pk: Key,
}

#[derive(Debug, Deserialize)]
struct Key {
    #[serde(rename = "S")]
    text: String,
}

/// Looks at each product of the batch once.
///
/// # Errors
/// The error of the first product that failed, after all others were looked at. The stream delivers the batch again.
pub async fn handle(function: &WatchStock, changes: Changes, invocation: Invocation) -> Result<(), Error> {
    let looks = changes.skus().into_iter().map(|sku| watch(function, sku, &invocation));
    let outcomes: Vec<Result<(), Error>> = iter(looks).buffer_unordered(CONCURRENT).collect().await;
    outcomes.into_iter().collect()
}

/// Records, and publishes, what has changed about one product's stock.
async fn watch(function: &WatchStock, sku: Sku, invocation: &Invocation) -> Result<(), Error> {
    let watched = keep_alert(function, &sku, invocation).await;
    if let Err(error) = &watched {
        tracing::warn!(%sku, causes = %Causes(error), "stock was not watched; the stream will deliver its change again");
    }
    watched
}

/// Brings a product's alert to the side on which its stock is.
async fn keep_alert(function: &WatchStock, sku: &Sku, invocation: &Invocation) -> Result<(), Error> {
    let (catalog, deadline) = (&function.catalog, invocation.deadline);
    let mut seen = None;
    // Also reads after a write: the stock may have crossed back after it was read, and whoever looked at that change may have
    // done so before the write.
    while let Some(stock) = catalog.watched_stock(sku, deadline).await?
        && let Some(alert) = stock.crossing()
    {
        // A read can miss units that move between shards, so a crossing counts when two reads in a row have seen it.
        if seen.as_ref() != Some(&alert) {
            seen = Some(alert);
            continue;
        }
        let event = stock.low().map(|low| invocation.record(&CatalogEvent::StockLow(low)));
        let event = event.transpose()?;
        catalog.save_alert(&alert, event.as_ref(), deadline).await?;
    }
    Ok(())
}

impl Changes {
    fn skus(&self) -> BTreeSet<Sku> {
        let keys = self.records.iter().map(|change| &change.dynamodb.keys.pk.text);
        keys.filter_map(|pk| CatalogStore::sku_in_key(pk)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_names_each_product_once() {
        let record = |pk: &str| {
            json!({
                "eventID": "1",
                "eventName": "REMOVE",
                "dynamodb": { "Keys": { "pk": { "S": pk } }, "OldImage": { "pk": { "S": pk } } },
            })
        };
        let keys = [
            "STOCK#tea#0",
            "STOCK#tea#1",
            "PRODUCT#tea",
            "STOCK#mug#0",
            "MOVEMENT#a",
            "ALERT#pot",
        ];
        let batch = json!({ "Records": keys.map(record) });
        let changes: Changes = serde_json::from_value(batch).unwrap();
        let skus: Vec<String> = changes.skus().iter().map(ToString::to_string).collect();
        assert_eq!(skus, ["mug", "tea"]);
    }
}
