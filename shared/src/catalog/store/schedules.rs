//! The schedules of products in the catalog table: a sparse index of the next time at which a product is listed or unlisted, or
//! its price changes.
//!
//! The times themselves are conditions of each read. The index only wakes what shows them.

use aws_sdk_dynamodb::types::Update;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{PRODUCT_PREFIX, changes, parse_product, product_key};
use crate::aws::dynamodb::damaged::{Damaged, parse_each};
use crate::aws::dynamodb::due::{self, DuePage, DuePosition};
use crate::aws::dynamodb::transaction::{transact_changes, update};
use crate::aws::dynamodb::{Item, key, number};
use crate::catalog::{CatalogStore, Product, Sku};
use crate::core::error::Error;
use crate::core::idempotency::derive_id;

/// Records that the times of a schedule until now are over. A save of the product begins anew.
const WOKEN: &str = "SET woken_ms = :now, change_position = :position, wakes = if_not_exists(wakes, :none) + :one";

/// A product, and what its schedule was last woken for.
#[derive(Clone, Debug)]
pub struct WokenProduct {
    /// The product.
    pub product: Product,
    /// Increases with each change of the product and with each time of its schedule.
    pub revision: u64,
    /// The time by which its schedule is judged: no earlier time of it is to come.
    pub as_of: Timestamp,
}

impl CatalogStore {
    /// Reads those products of `skus` that exist, listed or not, with their revisions, and names those that cannot be read.
    /// Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn woken_products(
        &self,
        skus: &[Sku],
        deadline: Instant,
    ) -> Result<(Vec<WokenProduct>, Vec<Damaged>), Error> {
        let items = self.product_items(skus, deadline).await?;
        let products = parse_each(items, PRODUCT_PREFIX, |item| {
            let (woken_at, wakes) = (woken_at(&item), changes::wakes(&item));
            let product = parse_product(item)?;
            Ok(WokenProduct {
                revision: changes::revision(product.version, wakes),
                as_of: woken_at.map_or(product.updated_at, |at| at.max(product.updated_at)),
                product,
            })
        });
        Ok(products)
    }

    /// Reads a page of the products of one shard whose schedule is due at `now`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn scheduled(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<DuePosition>,
        deadline: Instant,
    ) -> Result<DuePage<Sku>, Error> {
        due::page(&self.table, shard, now, after, deadline, sku_in).await
    }

    /// Moves a product on the index from `due_at` to its next change after `now`, and records that all times until `now` are
    /// over. The stream then tells that the product has changed, and so does the index of changes. Its condition: the product
    /// is still the one that was read, and due at `due_at`. Returns whether it held.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn wake(
        &self,
        product: &Product,
        due_at: Timestamp,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let wake = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(product_key(&product.sku))));
        let wake = match product.next_change_after(now) {
            Some(next) => wake
                .update_expression(format!("{WOKEN}, due_ms = :next"))
                .expression_attribute_values(":next", number(next.as_millisecond())),
            None => wake.update_expression(format!("{WOKEN} REMOVE due_ms, due_shard")),
        };
        let wake = wake
            .condition_expression("due_ms = :due AND version = :read")
            .expression_attribute_values(":due", number(due_at.as_millisecond()))
            .expression_attribute_values(":read", number(product.version))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":position", changes::position_of(product, now))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":one", number(1));
        let doing = "wake a scheduled product";
        transact_changes(&self.table.client, doing, vec![update(wake)?], 1, deadline).await
    }
}

/// Adds the attributes that put a product on the index, if its schedule has a change to come.
pub(super) fn put_on_index(item: &mut Item, product: &Product) {
    if let Some(next) = product.next_change_after(product.updated_at) {
        due::put_on_index(item, derive_id(&["product", product.sku.as_str()]), next);
    }
}

/// The time until which a product's schedule is over, as [`CatalogStore::wake`] recorded since the product was saved.
pub fn woken_at(item: &Item) -> Option<Timestamp> {
    let millisecond = item.get("woken_ms")?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(millisecond).ok()
}

fn sku_in(pk: &str) -> Result<Sku, Error> {
    let sku = pk
        .strip_prefix(PRODUCT_PREFIX)
        .and_then(|sku| Sku::try_from(sku.to_owned()).ok());
    sku.ok_or_else(|| Error::internal("read a key", format!("{pk} is not the key of a product")))
}
