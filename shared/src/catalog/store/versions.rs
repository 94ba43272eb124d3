//! Products with the event of their newest version, for who writes many of them and must recognize its own writes.

use std::collections::HashMap;

use tokio::time::Instant;
use uuid::Uuid;

use super::parse_product;
use crate::aws::dynamodb::Item;
use crate::aws::dynamodb::table::text_of;
use crate::catalog::{CatalogStore, Product, Sku};
use crate::core::error::Error;
use crate::core::event::Record;

/// A product, and the id of the event that its newest version was written with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductVersion {
    /// The product.
    pub product: Product,
    /// The event's id.
    pub event_id: Option<Uuid>,
}

impl CatalogStore {
    /// Reads those products of `skus` that exist, listed or not. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn product_versions(
        &self,
        skus: &[Sku],
        deadline: Instant,
    ) -> Result<HashMap<Sku, ProductVersion>, Error> {
        let items = self.product_items(skus, deadline).await?;
        let versions = items.into_iter().map(|item| {
            let version = version_of(item)?;
            Ok((version.product.sku.clone(), version))
        });
        versions.collect()
    }

    /// Writes `product`, one version after the stored one, or version 1 of a new one. Returns the stored product instead
    /// when it has another version: also when an earlier attempt, whose response was lost, has written this one.
    ///
    /// Does not redistribute the stock: [`CatalogStore::save`] does, when shards are added.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn write_version(
        &self,
        product: &Product,
        event: &Record,
        deadline: Instant,
    ) -> Result<Result<(), Box<ProductVersion>>, Error> {
        const DOING: &str = "write a product";
        let item = self.product_item(product, event)?;
        let written = self.table.write_version(DOING, item, product.version, deadline);
        let Err(stored) = written.await? else {
            return Ok(Ok(()));
        };
        let stored = stored.ok_or_else(|| Error::internal(DOING, "the product does not exist anymore"))?;
        version_of(stored).map(|version| Err(Box::new(version)))
    }
}

fn version_of(mut item: Item) -> Result<ProductVersion, Error> {
    let event = item.remove("event");
    let event = event.as_ref().and_then(|event| event.as_m().ok());
    let event_id = event.and_then(|event| Uuid::parse_str(text_of(event, "id")?).ok());
    let product = parse_product(item)?;
    Ok(ProductVersion { product, event_id })
}
