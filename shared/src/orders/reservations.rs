//! Where stock and orders meet: an order is placed with the units that it holds, and ended with their return.
//!
//! Promises kept here: stock leaves by a conditional write in the transaction that records the order, so it is never
//! oversold; sold out is said only when no shard has the units; released stock goes back in the transaction that ends
//! the order, so it is released once.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::transaction::{
    MAX_ITEMS, TransactionOutcome, WriteOutcome, Writes, put, transact, transact_changes, update,
};
use crate::aws::dynamodb::{BATCH_GET_KEYS, Item, Wanted, batch_get, key};
use crate::catalog;
use crate::catalog::CatalogStore;
use crate::catalog::shard_hints::Hints;
use crate::catalog::store::{gather_writes, parse_level, parse_product, product_key, stock_key};
use crate::catalog::{Hold, Shard, ShardCount};
use crate::catalog::{Product, Sku};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;
use crate::orders::store::{order_key, parse_order};
use crate::orders::{Line, Order, OrderId, Shortage};
use crate::orders::{OrderStore, StoredOrder};

const DOING: &str = "place an order";
/// An order changes in one transaction with all that it holds, and with its payment and the points that it bought.
const MAX_HOLDS: usize = MAX_ITEMS - 5;

/// The catalog's and the orders' tables together.
#[derive(Clone, Debug)]
pub struct ReservationStore {
    client: Client,
    catalog: CatalogStore,
    orders: OrderStore,
    hints: Hints,
}

/// An order to be placed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The order.
    pub order: Order,
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// Each line's product, as it was read: the number of its shards counts.
    pub products: HashMap<Sku, Product>,
    /// The event `OrderPlaced`.
    pub event: Record,
}

/// What became of an expired order whose stock was to be taken anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetakeOutcome {
    /// It holds its stock again.
    Taken,
    /// The order or the payment has changed since it was read, perhaps by an earlier attempt of this very call.
    Changed,
    /// Too little is left; nothing was written.
    OutOfStock,
}

/// What became of stock that was to be taken.
pub enum TakeOutcome {
    /// It is taken so, and the record written.
    Taken(Vec<Hold>),
    /// The record's own condition failed; the item that stands, where it was asked for.
    ConditionFailed(Option<Item>),
    /// Too little is left; nothing was written.
    OutOfStock(Vec<Shortage>),
}

/// The lines whose stock is to be taken, and their products as they were read.
struct WantedStock<'a> {
    lines: &'a [Line],
    products: &'a HashMap<Sku, Product>,
}

/// What became of a [`Draft`].
#[derive(Debug)]
pub enum PlaceOrderOutcome {
    /// It is placed and its stock is held.
    Placed(Order),
    /// An order with its id stands already; nothing was written.
    Exists(Box<StoredOrder>),
    /// Too little is left; nothing was written.
    OutOfStock(Vec<Shortage>),
}

/// What a checkout reads before it decides.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The products that exist, listed or not.
    pub products: HashMap<Sku, Product>,
    /// The order, when it was placed before.
    pub existing: Option<StoredOrder>,
}

impl ReservationStore {
    /// Over the tables of the catalog and of the orders.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            catalog: CatalogStore::new(platform)?,
            orders: OrderStore::new(platform)?,
            hints: Hints::default(),
        })
    }

    /// Reads the products of an order and the order itself, in one request for up to 99 products.
    ///
    /// The order is as it stands now, so that a retry is recognised before anything is judged anew. The products may be
    /// a moment old unless `fresh`, which lets one product serve twice as many buyers: nobody is refused for them
    /// before they were read fresh. Of a product that is known to lie in several shards two of them are looked at beside.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn load(&self, id: OrderId, skus: &[Sku], fresh: bool, deadline: Instant) -> Result<Loaded, Error> {
        let drawn = self.hints.draw(skus, BATCH_GET_KEYS.saturating_sub(skus.len() + 1));
        let products = skus.iter().map(product_key);
        let shards = drawn.iter().map(|(sku, shard)| stock_key(sku, *shard));
        let wanted = vec![
            Wanted {
                table: self.orders.table(),
                keys: vec![key(order_key(id))],
                consistent: true,
            },
            Wanted {
                table: self.catalog.table(),
                keys: products.chain(shards).map(key).collect(),
                consistent: fresh,
            },
        ];
        let mut found = batch_get(&self.client, "read an order's products", wanted, deadline).await?;
        let existing = found.remove(self.orders.table()).and_then(|mut orders| orders.pop());
        let of_catalog = found.remove(self.catalog.table()).unwrap_or_default();
        let (levels, products): (Vec<Item>, Vec<Item>) =
            of_catalog.into_iter().partition(|item| item.contains_key("available"));
        let products = products
            .into_iter()
            .map(|item| parse_product(item).map(|product| (product.sku.clone(), product)))
            .collect::<Result<_, _>>()?;
        let levels: Vec<_> = levels.into_iter().map(parse_level).collect::<Result<_, _>>()?;
        self.hints.learn(&products, &levels);
        Ok(Loaded {
            existing: existing.map(parse_order).transpose()?,
            products,
        })
    }

    /// The return of what was held, a write a hold.
    pub fn release_writes(&self, holds: &[Hold]) -> Result<Vec<TransactWriteItem>, Error> {
        let writes = holds.iter().map(|hold| {
            let units = hold.quantity.into();
            update(self.catalog.add_units(&hold.sku, hold.shard, units))
        });
        writes.collect()
    }

    /// Places `draft` and takes its stock, in one transaction.
    ///
    /// An attempt whose answer was lost is found again by its order's id, and so is one that was still on its way when
    /// the time was over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it did not get through before `deadline`, and [`Error::Internal`].
    pub async fn place(&self, draft: &Draft, deadline: Instant) -> Result<PlaceOrderOutcome, Error> {
        let order = &draft.order;
        let record = |holds| {
            let stored = StoredOrder {
                order: order.clone(),
                holds,
                fingerprint: draft.fingerprint.clone(),
                payments: 0,
                version: 1,
                event: Some(draft.event.clone()),
            };
            Ok(vec![put(self.orders.put_new(&stored)?)?])
        };
        match self.take(&order.lines, &draft.products, record, deadline).await? {
            TakeOutcome::Taken(_) => Ok(PlaceOrderOutcome::Placed(order.clone())),
            TakeOutcome::ConditionFailed(Some(item)) => Ok(PlaceOrderOutcome::Exists(Box::new(parse_order(item)?))),
            TakeOutcome::ConditionFailed(None) => Err(Error::internal(DOING, "refused by an order that is not there")),
            // The units may have gone to a twin of this request.
            TakeOutcome::OutOfStock(shortages) => {
                let existing = self.orders.get_serializable(order.order_id, deadline).await?;
                Ok(existing.map_or(PlaceOrderOutcome::OutOfStock(shortages), |order| {
                    PlaceOrderOutcome::Exists(Box::new(order))
                }))
            }
        }
    }

    /// Takes the stock of an order that had expired anew, in one transaction with `beside`, for it was paid after all.
    ///
    /// `paid` is what is to be kept of the order; its holds are found here.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it did not get through before `deadline`, and [`Error::Internal`].
    pub async fn retake(
        &self,
        paid: &StoredOrder,
        beside: &PutBuilder,
        deadline: Instant,
    ) -> Result<RetakeOutcome, Error> {
        let skus: Vec<Sku> = paid.order.lines.iter().map(|line| line.sku.clone()).collect();
        let products = self.load(paid.order.order_id, &skus, true, deadline).await?.products;
        let record = |holds| {
            let stored = StoredOrder { holds, ..paid.clone() };
            Ok(vec![put(self.orders.put_if_version(&stored)?)?, put(beside.clone())?])
        };
        match self.take(&paid.order.lines, &products, record, deadline).await? {
            TakeOutcome::Taken(_) => Ok(RetakeOutcome::Taken),
            TakeOutcome::ConditionFailed(_) => Ok(RetakeOutcome::Changed),
            TakeOutcome::OutOfStock(_) => {
                let present = self.orders.get_serializable(paid.order.order_id, deadline).await?;
                let is_unchanged = present.is_some_and(|present| present.version + 1 == paid.version);
                Ok(if is_unchanged {
                    RetakeOutcome::OutOfStock
                } else {
                    RetakeOutcome::Changed
                })
            }
        }
    }

    /// Takes the stock of `lines` in one transaction with what `record` makes of the holds.
    ///
    /// The first attempt takes each line from one shard. Where that is short, the shards are surveyed and the units
    /// taken from as many as it needs; where it is busy, another shard is tried at once, and then after a wait.
    pub async fn take(
        &self,
        lines: &[Line],
        products: &HashMap<Sku, Product>,
        record: impl Fn(Vec<Hold>) -> Result<Vec<TransactWriteItem>, Error>,
        deadline: Instant,
    ) -> Result<TakeOutcome, Error> {
        let wanted = WantedStock { lines, products };
        let mut backoff = Backoff::until(deadline);
        let mut holds = self.initial_holds(&wanted);
        let mut moved = false;
        loop {
            let mut items = record(holds.clone())?;
            let records = items.len();
            for hold in &holds {
                items.push(update(self.catalog.take_units(
                    &hold.sku,
                    hold.shard,
                    hold.quantity.into(),
                ))?);
            }
            let mut outcomes = match transact(&self.client, DOING, items, deadline).await? {
                TransactionOutcome::Committed => return Ok(TakeOutcome::Taken(holds)),
                TransactionOutcome::Cancelled(outcomes) => outcomes,
            };
            let of_stock = outcomes.split_off(records.min(outcomes.len()));
            let mut record_is_retryable = false;
            for outcome in outcomes {
                match outcome {
                    WriteOutcome::ConditionFailed(item) => return Ok(TakeOutcome::ConditionFailed(item)),
                    WriteOutcome::Retryable => record_is_retryable = true,
                    WriteOutcome::Accepted => {}
                }
            }
            let short = short_skus(&holds, &of_stock);
            // A twin of this request may be taking the units right now: then it is not for us to judge what is left.
            if short.is_empty() || record_is_retryable {
                let elsewhere = move_retryable_holds(&mut holds, &of_stock, &wanted);
                // Another shard is likely free; who finds that one busy too has met a crowd, and waits.
                if elsewhere && !record_is_retryable && !moved {
                    moved = true;
                    continue;
                }
            } else {
                match self.find_units(&wanted, &short, holds, deadline).await? {
                    Ok(found) => holds = found,
                    Err(shortages) => return Ok(TakeOutcome::OutOfStock(shortages)),
                }
            }
            moved = false;
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: DOING,
                    source: None,
                });
            }
        }
    }

    /// Ends an order and gives back what it holds, in one transaction with `beside`; false when anything has changed
    /// since it was read, perhaps by an earlier attempt of this very call whose answer was lost.
    ///
    /// `order` is what [`Order::end`] made of `stored.order`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it did not get through before `deadline`, and [`Error::Internal`].
    pub async fn release(
        &self,
        stored: &StoredOrder,
        order: Order,
        event: Record,
        beside: Writes,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let ended = StoredOrder {
            holds: vec![],
            ..stored.next(order, Some(event))
        };
        let mut items = vec![put(self.orders.put_if_version(&ended)?)?];
        items.extend(beside.0);
        let records = items.len();
        items.extend(self.release_writes(&stored.holds)?);
        transact_changes(&self.client, "end an order", items, records, deadline).await
    }

    /// New holds for the `short` products from wherever units lie, or everything that is short.
    async fn find_units(
        &self,
        wanted: &WantedStock<'_>,
        short: &[Sku],
        mut holds: Vec<Hold>,
        deadline: Instant,
    ) -> Result<Result<Vec<Hold>, Vec<Shortage>>, Error> {
        holds.retain(|hold| !short.contains(&hold.sku));
        let mut shortages = vec![];
        for sku in short {
            match self.find_stock(wanted, sku, true, deadline).await? {
                Ok(found) => holds.extend(found),
                Err(shortage) => shortages.push(shortage),
            }
        }
        if shortages.is_empty() {
            self.gather(&mut holds, deadline).await?;
            return Ok(Ok(holds));
        }
        // The shopper is told of all that is short, not only of what happened to be met first.
        for line in wanted.lines.iter().filter(|line| !short.contains(&line.sku)) {
            let found = self.find_stock(wanted, &line.sku, false, deadline).await?;
            shortages.extend(found.err());
        }
        Ok(Err(shortages))
    }

    /// Each line from one shard.
    fn initial_holds(&self, wanted: &WantedStock<'_>) -> Vec<Hold> {
        let hold = |line: &Line| Hold {
            sku: line.sku.clone(),
            shard: self.hints.first(&line.sku, wanted.shards_of(&line.sku)),
            quantity: line.quantity,
        };
        wanted.lines.iter().map(hold).collect()
    }

    /// Looks for a product's units in all of its shards; `refused` when a transaction has just found its shard short.
    ///
    /// Units that move between shards while these are read can be missed, so it takes two short_surveys in a row at the same
    /// number of shards to be short. For a product in one shard the refused transaction was the first look.
    async fn find_stock(
        &self,
        wanted: &WantedStock<'_>,
        sku: &Sku,
        refused: bool,
        deadline: Instant,
    ) -> Result<Result<Vec<Hold>, Shortage>, Error> {
        let requested = wanted.requested(sku);
        let mut count = wanted.shards_of(sku);
        let mut short_surveys = u8::from(refused && count == ShardCount::ONE);
        loop {
            let (product, levels) = self.catalog.product_and_levels(sku, count, deadline).await?;
            if let Some(parts) = catalog::allocate(&levels, requested, fastrand::usize(..)) {
                let hold = |(shard, quantity)| Hold {
                    sku: sku.clone(),
                    shard,
                    quantity,
                };
                return Ok(Ok(parts.into_iter().map(hold).collect()));
            }
            let present = product.map_or(count, |product| product.stock_shards);
            short_surveys = if present == count { short_surveys + 1 } else { 0 };
            count = present;
            if short_surveys >= 2 {
                return Ok(Err(Shortage {
                    sku: sku.clone(),
                    requested,
                    available: levels.iter().map(|level| level.available).sum(),
                }));
            }
        }
    }

    /// Makes `holds` fit one transaction: a product in too many parts is first moved into one shard.
    async fn gather(&self, holds: &mut Vec<Hold>, deadline: Instant) -> Result<(), Error> {
        while holds.len() > MAX_HOLDS {
            let Some((sku, parts)) = most_scattered(holds) else {
                return Ok(());
            };
            let moves = gather_writes(&self.catalog, &sku, &parts)?;
            // When the units are gone meanwhile, the order's own conditions say so.
            transact(&self.client, "gather scattered stock", moves, deadline).await?;
            holds.retain(|hold| hold.sku != sku);
            holds.push(Hold {
                sku,
                shard: parts[0].0,
                quantity: parts.iter().map(|part| part.1).sum(),
            });
        }
        Ok(())
    }
}

impl WantedStock<'_> {
    fn shards_of(&self, sku: &Sku) -> ShardCount {
        self.products
            .get(sku)
            .map_or(ShardCount::ONE, |product| product.stock_shards)
    }

    fn requested(&self, sku: &Sku) -> u32 {
        let line = self.lines.iter().find(|line| line.sku == *sku);
        line.map_or(0, |line| line.quantity)
    }
}

/// The products of which a shard had too little; `outcomes` are those of `holds`.
fn short_skus(holds: &[Hold], outcomes: &[WriteOutcome]) -> Vec<Sku> {
    let refused = holds
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| matches!(outcome, WriteOutcome::ConditionFailed(_)));
    let mut skus: Vec<Sku> = refused.map(|(hold, _)| hold.sku.clone()).collect();
    skus.dedup();
    skus
}

/// Sends each busy hold that stands alone to another shard of its product; whether all that are busy went.
fn move_retryable_holds(holds: &mut [Hold], outcomes: &[WriteOutcome], wanted: &WantedStock<'_>) -> bool {
    let alone: Vec<bool> = holds
        .iter()
        .map(|hold| holds.iter().filter(|other| other.sku == hold.sku).count() == 1)
        .collect();
    let (mut any_is_retryable, mut all_moved) = (false, true);
    for ((hold, outcome), alone) in holds.iter_mut().zip(outcomes).zip(alone) {
        let count = wanted.shards_of(&hold.sku).get();
        if !matches!(outcome, WriteOutcome::Retryable) {
            continue;
        }
        any_is_retryable = true;
        if alone && count > 1 {
            hold.shard = (hold.shard + fastrand::u8(1..count)) % count;
        } else {
            all_moved = false;
        }
    }
    any_is_retryable && all_moved
}

/// The product with the most parts, and its parts.
fn most_scattered(holds: &[Hold]) -> Option<(Sku, Vec<(Shard, u32)>)> {
    let mut parts: HashMap<&Sku, Vec<(Shard, u32)>> = HashMap::new();
    for hold in holds {
        parts.entry(&hold.sku).or_default().push((hold.shard, hold.quantity));
    }
    let (sku, parts) = parts.into_iter().max_by_key(|(_, parts)| parts.len())?;
    Some((sku.clone(), parts))
}
