//! The catalog's table: products (`PRODUCT#<sku>`), their stock (`STOCK#<sku>#<shard>`), and receipts (`RECEIPT#<id>`).
//!
//! Invariant: a stock item's `available` changes only by a relative update, never below zero, and only together
//! with what accounts for the change: an order, a receipt, or the shard that the units move to.

use crate::catalog::StockReceived;
use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::transaction::{TransactionOutcome, WriteOutcome, put, transact, update};
use crate::aws::dynamodb::{Item, Wanted, batch_get, classify_error, item_of, key, number, parse, send_until_answered};
use crate::catalog;
use crate::catalog::{Level, Shard, ShardCount};
use crate::catalog::{Product, Sku};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;

/// The catalog's table.
#[derive(Clone, Debug)]
pub struct CatalogStore {
    client: Client,
    table: String,
}

/// Units that arrived, as they are kept: the receipt is what makes receiving twice harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What arrived.
    #[serde(flatten)]
    pub received: StockReceived,
    /// What was asked for, to tell a retry from another request.
    pub fingerprint: Fingerprint,
}

impl CatalogStore {
    /// The table that the variable `CATALOG_TABLE` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            table: platform.variable("CATALOG_TABLE")?,
        })
    }

    /// The product as it stands now, listed or not.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn product(&self, sku: &Sku, deadline: Instant) -> Result<Option<Product>, Error> {
        const DOING: &str = "read a product";
        let send = || async {
            let get = self.client.get_item().table_name(&self.table).consistent_read(true);
            let sent = get.set_key(Some(key(product_key(sku)))).send().await;
            sent.map_err(|error| classify_error(DOING, error))
        };
        let answer = send_until_answered(DOING, deadline, send).await?;
        answer.item.map(parse_product).transpose()
    }

    /// The products among `skus` that exist, listed or not, as they stand now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn products(&self, skus: &[Sku], deadline: Instant) -> Result<HashMap<Sku, Product>, Error> {
        let wanted = Wanted {
            table: &self.table,
            keys: skus.iter().map(|sku| key(product_key(sku))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.client, "read products", vec![wanted], deadline).await?;
        let products = found.into_values().flatten().map(|item| {
            let product = parse_product(item)?;
            Ok((product.sku.clone(), product))
        });
        products.collect()
    }

    /// Puts `product` in the place of `previous`; false when somebody else has changed it since `previous` was read.
    ///
    /// When its shards are raised, its stock is spread over all of them in the same transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when stock in motion does not let the spreading through before `deadline`,
    /// and [`Error::Internal`].
    pub async fn save(
        &self,
        product: &Product,
        previous: Option<&Product>,
        event: &Record,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "save a product";
        let raised = previous.is_some_and(|previous| previous.stock_shards < product.stock_shards);
        let mut backoff = Backoff::until(deadline);
        loop {
            let mut items = vec![put(self.product_put(product, previous, event)?)?];
            if raised {
                let (_, levels) = self.survey(&product.sku, product.stock_shards, deadline).await?;
                for (shard, change) in catalog::rebalance(&levels, product.stock_shards) {
                    items.push(update(self.moved(&product.sku, shard, change))?);
                }
            }
            match transact(&self.client, DOING, items, deadline).await? {
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

    /// The product as it stands now, and how many units of it can be sold, all shards together.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn product_and_available(&self, sku: &Sku, deadline: Instant) -> Result<Option<(Product, u64)>, Error> {
        // Nearly every product lies in one shard, and is then seen at the first look.
        let mut count = ShardCount::ONE;
        loop {
            let (product, levels) = self.survey(sku, count, deadline).await?;
            let Some(product) = product else {
                return Ok(None);
            };
            if product.stock_shards == count {
                return Ok(Some((product, levels.iter().map(|level| level.available).sum())));
            }
            // There are more shards, and units may lie where nobody has looked.
            count = product.stock_shards;
        }
    }

    /// The product as it stands now, and what each of its first `count` shards has left, in one request.
    ///
    /// The reads are consistent, but not one snapshot: units that move between shards meanwhile may be missed.
    pub(crate) async fn survey(
        &self,
        sku: &Sku,
        count: ShardCount,
        deadline: Instant,
    ) -> Result<(Option<Product>, Vec<Level>), Error> {
        let mut keys = vec![key(product_key(sku))];
        keys.extend(count.shards().map(|shard| key(stock_key(sku, shard))));
        let wanted = Wanted {
            table: &self.table,
            keys,
            consistent: true,
        };
        let found = batch_get(&self.client, "survey the stock", vec![wanted], deadline).await?;
        let (products, stock): (Vec<Item>, Vec<Item>) = found
            .into_values()
            .flatten()
            .partition(|item| !item.contains_key("available"));
        let product = products.into_iter().next().map(parse_product).transpose()?;
        let levels = stock.into_iter().map(|item| parse_level(item).map(|(_, level)| level));
        Ok((product, levels.collect::<Result<_, _>>()?))
    }

    /// Adds what `receipt` says, over `count` shards, unless that receipt stands already; then answers the one that stands.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when buyers keep the stock busy until `deadline`, and [`Error::Internal`].
    pub async fn receive(
        &self,
        receipt: &Receipt,
        count: ShardCount,
        event: &Record,
        deadline: Instant,
    ) -> Result<Option<Receipt>, Error> {
        const DOING: &str = "receive stock";
        let mut backoff = Backoff::until(deadline);
        let mut width = count;
        loop {
            let mut items = vec![put(self.receipt_put(receipt, event)?)?];
            let first = fastrand::u8(..count.get());
            for (shard, units) in catalog::spread(receipt.received.quantity, count, width, first) {
                items.push(update(self.added(&receipt.received.sku, shard, units))?);
            }
            match transact(&self.client, DOING, items, deadline).await? {
                TransactionOutcome::Committed => return Ok(None),
                TransactionOutcome::Cancelled(mut outcomes) => {
                    if !outcomes.is_empty()
                        && let WriteOutcome::ConditionFailed(Some(stands)) = outcomes.swap_remove(0)
                    {
                        return Ok(Some(parse(DOING, stands)?));
                    }
                }
            }
            // Fewer shards meet fewer buyers: a sale at full speed must not keep the goods out.
            width = width.halved();
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: DOING,
                    source: None,
                });
            }
        }
    }

    /// Takes `quantity` units of a shard, under the condition that it has as many: the write that never oversells.
    pub(crate) fn taken(&self, sku: &Sku, shard: Shard, quantity: u64) -> UpdateBuilder {
        self.stock_update(sku, shard)
            .update_expression("SET available = available - :units")
            .condition_expression("available >= :units")
            .expression_attribute_values(":units", number(quantity))
    }

    /// Gives `quantity` units to a shard.
    pub(crate) fn added(&self, sku: &Sku, shard: Shard, quantity: u64) -> UpdateBuilder {
        self.stock_update(sku, shard)
            .update_expression("ADD available :units")
            .expression_attribute_values(":units", number(quantity))
    }

    /// Gives or takes, by the sign of `change`.
    fn moved(&self, sku: &Sku, shard: Shard, change: i64) -> UpdateBuilder {
        if change < 0 {
            self.taken(sku, shard, change.unsigned_abs())
        } else {
            self.added(sku, shard, change.unsigned_abs())
        }
    }

    fn stock_update(&self, sku: &Sku, shard: Shard) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(stock_key(sku, shard))))
    }

    fn product_put(
        &self,
        product: &Product,
        previous: Option<&Product>,
        event: &Record,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error> {
        let item = with_event("save a product", product_key(&product.sku), product, event)?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        Ok(match previous {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(previous) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", number(previous.version)),
        })
    }

    fn receipt_put(
        &self,
        receipt: &Receipt,
        event: &Record,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error> {
        let pk = format!("RECEIPT#{}", receipt.received.receipt_id);
        let item = with_event("receive stock", pk, receipt, event)?;
        Ok(Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld))
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }
}

/// The key of a product.
pub(crate) fn product_key(sku: &Sku) -> String {
    format!("PRODUCT#{sku}")
}

/// The key of a stock shard; a sku has no `#`, so that keys cannot be confused.
pub(crate) fn stock_key(sku: &Sku, shard: Shard) -> String {
    format!("STOCK#{sku}#{shard}")
}

/// A product as it was read.
pub(crate) fn parse_product(item: Item) -> Result<Product, Error> {
    parse("read a product", item)
}

/// A stock item as it was read: the product's sku, and what its shard has left.
pub(crate) fn parse_level(item: Item) -> Result<(String, Level), Error> {
    #[derive(Deserialize)]
    struct Stock {
        pk: String,
        available: u64,
    }
    const DOING: &str = "read the stock";
    let stock: Stock = parse(DOING, item)?;
    let named = stock.pk.strip_prefix("STOCK#").and_then(|name| name.rsplit_once('#'));
    let found = named.and_then(|(sku, shard)| Some((sku.to_owned(), shard.parse().ok()?)));
    let (sku, shard) = found.ok_or_else(|| Error::internal(DOING, format!("{} is not a stock key", stock.pk)))?;
    let available = stock.available;
    Ok((sku, Level { shard, available }))
}

/// An entity with its key and its newest event, as one item: the change and its event are one write.
fn with_event(doing: &'static str, pk: String, entity: &impl Serialize, event: &Record) -> Result<Item, Error> {
    let mut item = item_of(doing, pk, entity)?;
    let event = serde_dynamo::to_attribute_value(event).map_err(|error| Error::internal(doing, error))?;
    item.insert("event".to_owned(), event);
    Ok(item)
}

/// A transaction that moves `parts` of a product into the shard of the first of them.
pub(crate) fn gathering(
    catalog: &CatalogStore,
    sku: &Sku,
    parts: &[(Shard, u32)],
) -> Result<Vec<TransactWriteItem>, Error> {
    let Some((&(into, _), from)) = parts.split_first() else {
        return Ok(vec![]);
    };
    let sum = from.iter().map(|&(_, units)| u64::from(units)).sum();
    let mut items = vec![update(catalog.added(sku, into, sum))?];
    for &(shard, units) in from {
        items.push(update(catalog.taken(sku, shard, units.into()))?);
    }
    Ok(items)
}
