//! The catalog table: products (`PRODUCT#<sku>`) with an index of their schedules, their stock (`STOCK#<sku>#<shard>`), its movements (`MOVEMENT#<id>`) and
//! alerts (`ALERT#<sku>`), and the requests that created products (`REQUEST#<id>`), which are removed after a month.
//!
//! Invariant: a stock item's `available` changes only by a relative update, never below zero, and only in one transaction
//! with the order, the movement or the other shard that accounts for the change.

pub(super) mod changes;
mod keys;
pub(super) mod movements;
pub(super) mod schedules;
pub(super) mod versions;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::request::StoredRequest;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::transaction::{TransactionOutcome, WriteOutcome, put, transact, transact_changes, update};
use crate::aws::dynamodb::{Item, Wanted, batch_get, item_of, key, number, parse};
use crate::catalog::{self, Product, Shard, ShardCount, Sku, StockLevel};
use crate::core::error::Error;
use crate::core::event::Record;

use keys::PRODUCT_PREFIX;
pub use keys::{product_key, stock_key};
pub use schedules::woken_at;

/// Reads and writes the catalog table.
#[derive(Clone, Debug)]
pub struct CatalogStore {
    table: Table,
}

impl CatalogStore {
    /// Reads the table's name from `CATALOG_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "CATALOG_TABLE")?,
        })
    }

    /// Reads a product, listed or not. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn product(&self, sku: &Sku, deadline: Instant) -> Result<Option<Product>, Error> {
        const DOING: &str = "read a product";
        self.table.read(DOING, key(product_key(sku)), deadline).await
    }

    /// Reads those products of `skus` that exist, listed or not. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn products(&self, skus: &[Sku], deadline: Instant) -> Result<HashMap<Sku, Product>, Error> {
        let items = self.product_items(skus, deadline).await?;
        let products = items.into_iter().map(|item| {
            let product = parse_product(item)?;
            Ok((product.sku.clone(), product))
        });
        products.collect()
    }

    async fn product_items(&self, skus: &[Sku], deadline: Instant) -> Result<Vec<Item>, Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: skus.iter().map(|sku| key(product_key(sku))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read products", vec![wanted], deadline).await?;
        Ok(found.into_values().flatten().collect())
    }

    /// Creates a product. Returns false when there is one with its SKU, or when the request took effect before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn create(
        &self,
        product: &Product,
        event: &Record,
        request: &StoredRequest,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let items = vec![
            put(self.product_put(product, None, event)?)?,
            request.put(&self.table, request_key(request))?,
        ];
        transact_changes(&self.table.client, "create a product", items, 2, deadline).await
    }

    /// The record of an earlier attempt of `request`, if it created its product.
    ///
    /// # Errors
    /// `idempotency-key-reused`; [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn earlier(&self, request: &StoredRequest, deadline: Instant) -> Result<Option<StoredRequest>, Error> {
        request.earlier(&self.table, request_key(request), deadline).await
    }

    /// Replaces `previous` by `product`. Returns false when another request has changed it since `previous` was read.
    ///
    /// When the shard count is raised, redistributes the stock in the same transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when concurrent stock changes prevent the redistribution until `deadline`, and
    /// [`Error::Internal`].
    pub async fn save(
        &self,
        product: &Product,
        previous: &Product,
        event: &Record,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "save a product";
        let raised = previous.stock_shards < product.stock_shards;
        let mut backoff = Backoff::until(deadline);
        loop {
            let mut items = vec![put(self.product_put(product, Some(previous), event)?)?];
            if raised {
                let (_, levels) = self
                    .product_and_levels(&product.sku, product.stock_shards, deadline)
                    .await?;
                for (shard, change) in catalog::rebalance(&levels, product.stock_shards) {
                    items.push(update(self.change_units(&product.sku, shard, change))?);
                }
            }
            match transact(&self.table.client, DOING, items, deadline).await? {
                TransactionOutcome::Committed => return Ok(true),
                TransactionOutcome::Cancelled(outcomes)
                    if matches!(outcomes.first(), Some(WriteOutcome::ConditionFailed(_))) =>
                {
                    return Ok(false);
                }
                TransactionOutcome::Cancelled(_) if backoff.wait().await => {}
                TransactionOutcome::Cancelled(_) => {
                    return Err(Error::Unavailable {
                        doing: DOING,
                        source: None,
                    });
                }
            }
        }
    }

    /// Reads a product and its units in stock, summed over all shards. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn product_and_available(&self, sku: &Sku, deadline: Instant) -> Result<Option<(Product, u64)>, Error> {
        // Nearly every product has one shard and needs one read.
        let mut count = ShardCount::ONE;
        loop {
            let (product, levels) = self.product_and_levels(sku, count, deadline).await?;
            let Some(product) = product else {
                return Ok(None);
            };
            if product.stock_shards == count {
                return Ok(Some((product, levels.iter().map(|level| level.available).sum())));
            }
            // The product has more shards than were read.
            count = product.stock_shards;
        }
    }

    /// Reads a product and the stock of its first `count` shards in one request.
    ///
    /// Each read is strongly consistent, but they are no snapshot: units that move between shards meanwhile may be missed.
    pub(crate) async fn product_and_levels(
        &self,
        sku: &Sku,
        count: ShardCount,
        deadline: Instant,
    ) -> Result<(Option<Product>, Vec<StockLevel>), Error> {
        let mut keys = vec![key(product_key(sku))];
        keys.extend(count.shards().map(|shard| key(stock_key(sku, shard))));
        let wanted = Wanted {
            table: &self.table.name,
            keys,
            consistent: true,
        };
        let found = batch_get(
            &self.table.client,
            "read a product and its stock",
            vec![wanted],
            deadline,
        )
        .await?;
        let (products, stock): (Vec<Item>, Vec<Item>) = found
            .into_values()
            .flatten()
            .partition(|item| !item.contains_key("available"));
        let product = products.into_iter().next().map(parse_product).transpose()?;
        let levels = stock.into_iter().map(|item| parse_level(item).map(|(_, level)| level));
        Ok((product, levels.collect::<Result<_, _>>()?))
    }

    /// Finds `quantity` units of a product in all of its shards, `count` as far as the caller knows. Returns the available
    /// units when they are fewer. `refused` means that a transaction has just found its shard short.
    ///
    /// A survey can miss units that move between shards, so a product is short only after two consecutive surveys with
    /// the same number of shards. For a product with one shard, the refused transaction counts as the first survey.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub(crate) async fn find_units(
        &self,
        sku: &Sku,
        quantity: u32,
        mut count: ShardCount,
        refused: bool,
        deadline: Instant,
    ) -> Result<Result<Vec<(Shard, u32)>, u64>, Error> {
        let mut short_surveys = u8::from(refused && count == ShardCount::ONE);
        loop {
            let (product, levels) = self.product_and_levels(sku, count, deadline).await?;
            if let Some(parts) = catalog::allocate(&levels, quantity, fastrand::usize(..)) {
                return Ok(Ok(parts));
            }
            let present = product.map_or(count, |product| product.stock_shards);
            short_surveys = if present == count { short_surveys + 1 } else { 0 };
            count = present;
            if short_surveys >= 2 {
                return Ok(Err(levels.iter().map(|level| level.available).sum()));
            }
        }
    }

    /// Subtracts units from a shard. Condition: the shard has as many. This prevents overselling.
    pub(crate) fn take_units(&self, sku: &Sku, shard: Shard, quantity: u64) -> UpdateBuilder {
        self.stock_update(sku, shard)
            .update_expression("SET available = available - :units")
            .condition_expression("available >= :units")
            .expression_attribute_values(":units", number(quantity))
    }

    /// Adds units to a shard.
    pub(crate) fn add_units(&self, sku: &Sku, shard: Shard, quantity: u64) -> UpdateBuilder {
        self.stock_update(sku, shard)
            .update_expression("ADD available :units")
            .expression_attribute_values(":units", number(quantity))
    }

    /// Adds or subtracts units, by the sign of `change`.
    fn change_units(&self, sku: &Sku, shard: Shard, change: i64) -> UpdateBuilder {
        if change < 0 {
            self.take_units(sku, shard, change.unsigned_abs())
        } else {
            self.add_units(sku, shard, change.unsigned_abs())
        }
    }

    fn stock_update(&self, sku: &Sku, shard: Shard) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(stock_key(sku, shard))))
    }

    /// The item of a product, with its event and its entries in the indexes of changes and of due work.
    fn product_item(&self, product: &Product, event: &Record) -> Result<Item, Error> {
        let mut item = with_event("save a product", product_key(&product.sku), product, event)?;
        changes::put_on_index(&mut item, product);
        schedules::put_on_index(&mut item, product);
        Ok(item)
    }

    fn product_put(
        &self,
        product: &Product,
        previous: Option<&Product>,
        event: &Record,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error> {
        let item = self.product_item(product, event)?;
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item));
        Ok(match previous {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(previous) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", number(previous.version)),
        })
    }

    pub(crate) fn table(&self) -> &str {
        &self.table.name
    }
}

/// The key of the request that created a product.
fn request_key(request: &StoredRequest) -> Item {
    key(format!("REQUEST#{}", request.request_id))
}

/// Parses a product item.
///
/// # Errors
/// [`Error::Internal`] when it is damaged.
pub fn parse_product(item: Item) -> Result<Product, Error> {
    parse("read a product", item)
}

/// Parses a stock item into the product's SKU and the shard's stock.
///
/// # Errors
/// [`Error::Internal`] when it is damaged.
pub fn parse_level(item: Item) -> Result<(String, StockLevel), Error> {
    #[derive(Deserialize)]
    struct Stock {
        pk: String,
        available: u64,
    }
    const DOING: &str = "read the stock";
    let stock: Stock = parse(DOING, item)?;
    let found = keys::shard_in_key(&stock.pk);
    let (sku, shard) = found.ok_or_else(|| Error::internal(DOING, format!("{} is not a stock key", stock.pk)))?;
    let available = stock.available;
    Ok((sku.to_owned(), StockLevel { shard, available }))
}

/// The item of an entity with its key and its newest event, so that the change and its event are one write.
///
/// # Errors
/// [`Error::Internal`] when it cannot be serialized.
pub fn with_event(doing: &'static str, pk: String, entity: &impl Serialize, event: &Record) -> Result<Item, Error> {
    let mut item = item_of(doing, pk, entity)?;
    let event = serde_dynamo::to_attribute_value(event).map_err(|error| Error::internal(doing, error))?;
    item.insert("event".to_owned(), event);
    Ok(item)
}

/// The writes that move `parts` of a product's stock into the shard of the first part.
pub(crate) fn gather_writes(
    catalog: &CatalogStore,
    sku: &Sku,
    parts: &[(Shard, u32)],
) -> Result<Vec<TransactWriteItem>, Error> {
    let Some((&(into, _), from)) = parts.split_first() else {
        return Ok(vec![]);
    };
    let sum = from.iter().map(|&(_, units)| u64::from(units)).sum();
    let mut items = vec![update(catalog.add_units(sku, into, sum))?];
    for &(shard, units) in from {
        items.push(update(catalog.take_units(sku, shard, units.into()))?);
    }
    Ok(items)
}
