//! Runs for batches of the catalog table's stream, a second after products or their stock have changed: publishes `StockLow`
//! when a product's available units have fallen below its threshold, places the product in the lists, and names the changed
//! products to the search.
//!
//! The first two look at the same product with its stock, and a shard of a stream takes at most two readers: so one function does both. A
//! change only says which product to look at, so changes may arrive in any order and repeatedly.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::iter;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::problem::Causes;
use shared::aws::lambda::stream::Changes;
use shared::catalog::{CatalogStore, Sku};
use shared::search::{DocumentKind, IndexQueue};

use crate::listings::layout::Layouts;
use crate::listings::service::{ListChanges, PlacementService};
use crate::stock_alerts;

/// The function's service and queue.
#[derive(Debug)]
pub struct WatchProducts {
    /// Products, their stock and their lists.
    pub placements: PlacementService,
    /// The queue of the search index.
    pub index: IndexQueue,
}

impl WatchProducts {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            placements: PlacementService::new(platform)?,
            index: IndexQueue::new(platform)?,
        })
    }
}

/// The number of products that are looked at at the same time.
const CONCURRENT: usize = 8;

/// Looks at each product of the batch once, counts each list that has changed once, and names the changed products to the
/// search.
///
/// # Errors
/// The error of the first product that failed, after all others were looked at. The stream delivers the batch again.
pub async fn handle(function: &WatchProducts, changes: Changes, invocation: Invocation) -> Result<(), Error> {
    let placements = &function.placements;
    let layouts = placements.listings.layouts(invocation.deadline).await?;
    let lists = ListChanges::default();
    let looks = skus_in(&changes).into_iter();
    let looks = looks.map(|sku| watch(placements, sku, &layouts, &lists, &invocation));
    let outcomes: Vec<Result<(), Error>> = iter(looks).buffer_unordered(CONCURRENT).collect().await;
    let counted = placements.count(lists, invocation.deadline).await;
    // A search shows no stock, so a sale is no reason to index a product. Last, so that a queue that does not answer holds up
    // no list.
    let products = products_in(&changes);
    let named = function
        .index
        .index(DocumentKind::Product, &products, invocation.deadline);
    let named = named.await;
    outcomes.into_iter().chain([counted, named]).collect()
}

async fn watch(
    placements: &PlacementService,
    sku: Sku,
    layouts: &Layouts,
    lists: &ListChanges,
    invocation: &Invocation,
) -> Result<(), Error> {
    let watched = follow(placements, &sku, layouts, lists, invocation).await;
    if let Err(error) = &watched {
        tracing::warn!(%sku, causes = %Causes(error), "product was not watched; the stream will deliver its change again");
    }
    watched
}

/// Brings the alert and the lists to where the product is. A failure of one leaves the other.
async fn follow(
    placements: &PlacementService,
    sku: &Sku,
    layouts: &Layouts,
    lists: &ListChanges,
    invocation: &Invocation,
) -> Result<(), Error> {
    let Some(look) = placements.look(sku, invocation.deadline).await? else {
        return Ok(());
    };
    let (now, deadline) = (invocation.now, invocation.deadline);
    let alerted = stock_alerts::keep(&placements.stock, look.stock.clone(), invocation).await;
    let placed = placements.place(look, layouts, lists, now, deadline).await;
    alerted.and(placed)
}

/// The products that have changed, or whose stock has.
fn skus_in(changes: &Changes) -> BTreeSet<Sku> {
    changes.keys().filter_map(CatalogStore::sku_in_key).collect()
}

/// The SKUs of the products that have changed themselves.
fn products_in(changes: &Changes) -> Vec<String> {
    let products: BTreeSet<Sku> = changes.keys().filter_map(CatalogStore::product_in_key).collect();
    products.iter().map(ToString::to_string).collect()
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
        let skus: Vec<String> = skus_in(&changes).iter().map(ToString::to_string).collect();
        assert_eq!(skus, ["mug", "tea"]);
        assert_eq!(products_in(&changes), ["tea"], "the others' stock has changed");
    }
}
