//! Where stock and orders meet: an order is placed with the units that it holds, and ended with their return.
//!
//! Promises kept here: stock leaves by a conditional write in the transaction that records the order, so it is never
//! oversold; sold out is said only when no shard has the units; released stock goes back in the transaction that ends
//! the order, so it is released once.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use tokio::time::Instant;

use super::catalog::{Catalog, gathering, parse_product, product_key};
use super::dynamodb::{Wanted, batch_get};
use super::orders::{Orders, StoredOrder, order_key, parse_order};
use super::transaction::{Fate, MAX_ITEMS, Outcome, put, transact, update};
use crate::edge::backoff::Backoff;
use crate::error::Error;
use crate::event::Record;
use crate::idempotency::Fingerprint;
use crate::order::{Order, OrderId, Shortage};
use crate::product::{Product, Sku};
use crate::stock::{self, Hold, Shard, ShardCount};

const PLACING: &str = "place an order";

/// The catalog's and the orders' tables together.
#[derive(Clone, Debug)]
pub struct Reservations {
    client: Client,
    catalog: Catalog,
    orders: Orders,
}

/// An order to be placed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The order.
    pub order: Order,
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// Over how many shards each line's product is spread, when it was read.
    pub shards: HashMap<Sku, ShardCount>,
    /// The event `OrderPlaced`.
    pub event: Record,
}

/// What became of a [`Draft`].
#[derive(Debug)]
pub enum Placement {
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

impl Reservations {
    /// Over the two tables.
    pub const fn new(client: Client, catalog: Catalog, orders: Orders) -> Self {
        Self {
            client,
            catalog,
            orders,
        }
    }

    /// Reads the products of an order and the order itself, in one request for up to 99 products.
    ///
    /// The order is as it stands now, so that a retry is recognised before anything is judged anew. The products may be
    /// a moment old unless `fresh`, which lets one product serve twice as many buyers: nobody is refused for them
    /// before they were read fresh.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn load(&self, id: OrderId, skus: &[Sku], fresh: bool, deadline: Instant) -> Result<Loaded, Error> {
        let wanted = vec![
            Wanted {
                table: self.orders.table(),
                keys: vec![order_key(id)],
                consistent: true,
            },
            Wanted {
                table: self.catalog.table(),
                keys: skus.iter().map(product_key).collect(),
                consistent: fresh,
            },
        ];
        let mut found = batch_get(&self.client, "read an order's products", wanted, deadline).await?;
        let existing = found.remove(self.orders.table()).and_then(|mut orders| orders.pop());
        let products = found.remove(self.catalog.table()).unwrap_or_default();
        Ok(Loaded {
            existing: existing.map(parse_order).transpose()?,
            products: products
                .into_iter()
                .map(|item| parse_product(item).map(|product| (product.sku.clone(), product)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Places `draft` and takes its stock, in one transaction.
    ///
    /// The first attempt takes each line from one shard. Where that is short, the shards are surveyed and the units
    /// taken from as many as it needs; where it is busy, another shard is tried. An attempt whose answer was lost is
    /// found again by its order's id, and so is one that was still on its way when the time was over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it did not get through before `deadline`, and [`Error::Internal`].
    pub async fn place(&self, draft: &Draft, deadline: Instant) -> Result<Placement, Error> {
        let mut backoff = Backoff::until(deadline);
        let mut holds = draft.first_holds();
        loop {
            let stored = StoredOrder {
                order: draft.order.clone(),
                holds: holds.clone(),
                fingerprint: draft.fingerprint.clone(),
                version: 1,
            };
            let mut fates = match self.try_place(&stored, &draft.event, deadline).await? {
                Outcome::Committed => return Ok(Placement::Placed(stored.order)),
                Outcome::Cancelled(fates) => fates.into_iter(),
            };
            let order_is_busy = match fates.next() {
                Some(Fate::Refused(Some(item))) => return Ok(Placement::Exists(Box::new(parse_order(item)?))),
                fate => matches!(fate, Some(Fate::Busy)),
            };
            let fates: Vec<Fate> = fates.collect();
            let short = short_skus(&holds, &fates);
            // A twin of this request may be taking the units right now: then it is not for us to judge what is left.
            if short.is_empty() || order_is_busy {
                move_on(&mut holds, &fates, &draft.shards);
            } else {
                match self.find_units(draft, &short, holds, deadline).await? {
                    Ok(found) => holds = found,
                    // Or they may have gone to a twin already.
                    Err(shortages) => {
                        let existing = self.orders.get_settled(draft.order.order_id, deadline).await?;
                        return Ok(existing.map_or(Placement::OutOfStock(shortages), |order| {
                            Placement::Exists(Box::new(order))
                        }));
                    }
                }
            }
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: PLACING,
                    source: None,
                });
            }
        }
    }

    /// Ends an order and gives back what it holds, in one transaction; false when the order has changed since it was
    /// read, perhaps by an earlier attempt of this very call whose answer was lost.
    ///
    /// `ended` is what [`Order::end`] made of `stored.order`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it did not get through before `deadline`, and [`Error::Internal`].
    pub async fn release(
        &self,
        stored: &StoredOrder,
        ended: Order,
        event: &Record,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "end an order";
        let ended = StoredOrder {
            order: ended,
            holds: vec![],
            fingerprint: stored.fingerprint.clone(),
            version: stored.version + 1,
        };
        let mut backoff = Backoff::until(deadline);
        loop {
            let mut items = vec![put(self.orders.changed(&ended, event)?)?];
            for hold in &stored.holds {
                items.push(update(self.catalog.added(&hold.sku, hold.shard, hold.quantity.into()))?);
            }
            match transact(&self.client, DOING, items, deadline).await? {
                Outcome::Committed => return Ok(true),
                Outcome::Cancelled(fates) if matches!(fates.first(), Some(Fate::Refused(_))) => return Ok(false),
                Outcome::Cancelled(_) if backoff.wait().await => {}
                Outcome::Cancelled(_) => {
                    return Err(Error::Unavailable {
                        doing: DOING,
                        source: None,
                    });
                }
            }
        }
    }

    async fn try_place(&self, stored: &StoredOrder, event: &Record, deadline: Instant) -> Result<Outcome, Error> {
        let mut items = vec![put(self.orders.placed(stored, event)?)?];
        for hold in &stored.holds {
            items.push(update(self.catalog.taken(&hold.sku, hold.shard, hold.quantity.into()))?);
        }
        transact(&self.client, PLACING, items, deadline).await
    }

    /// New holds for the `short` products from wherever units lie, or everything that is short.
    async fn find_units(
        &self,
        draft: &Draft,
        short: &[Sku],
        mut holds: Vec<Hold>,
        deadline: Instant,
    ) -> Result<Result<Vec<Hold>, Vec<Shortage>>, Error> {
        holds.retain(|hold| !short.contains(&hold.sku));
        let mut shortages = vec![];
        for sku in short {
            match self.look_for(draft, sku, true, deadline).await? {
                Ok(found) => holds.extend(found),
                Err(shortage) => shortages.push(shortage),
            }
        }
        if shortages.is_empty() {
            self.gather(&mut holds, deadline).await?;
            return Ok(Ok(holds));
        }
        // The shopper is told of all that is short, not only of what happened to be met first.
        for line in draft.order.lines.iter().filter(|line| !short.contains(&line.sku)) {
            let looked = self.look_for(draft, &line.sku, false, deadline).await?;
            shortages.extend(looked.err());
        }
        Ok(Err(shortages))
    }

    /// Looks for a product's units in all of its shards; `refused` when a transaction has just found its shard short.
    ///
    /// Units that move between shards while these are read can be missed, so it takes two looks in a row at the same
    /// number of shards to be short. For a product in one shard the refused transaction was the first look.
    async fn look_for(
        &self,
        draft: &Draft,
        sku: &Sku,
        refused: bool,
        deadline: Instant,
    ) -> Result<Result<Vec<Hold>, Shortage>, Error> {
        let requested = draft.requested(sku);
        let mut count = draft.shards_of(sku);
        let mut looks = u8::from(refused && count == ShardCount::ONE);
        loop {
            let (product, levels) = self.catalog.survey(sku, count, deadline).await?;
            if let Some(parts) = stock::allocate(&levels, requested, fastrand::usize(..)) {
                let hold = |(shard, quantity)| Hold {
                    sku: sku.clone(),
                    shard,
                    quantity,
                };
                return Ok(Ok(parts.into_iter().map(hold).collect()));
            }
            let present = product.map_or(count, |product| product.stock_shards);
            looks = if present == count { looks + 1 } else { 0 };
            count = present;
            if looks >= 2 {
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
        while holds.len() >= MAX_ITEMS {
            let Some((sku, parts)) = most_scattered(holds) else {
                return Ok(());
            };
            let moves = gathering(&self.catalog, &sku, &parts)?;
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

impl Draft {
    /// Each line from one shard, chosen at random so that buyers who come together part ways.
    fn first_holds(&self) -> Vec<Hold> {
        let hold = |line: &crate::order::Line| Hold {
            sku: line.sku.clone(),
            shard: fastrand::u8(..self.shards_of(&line.sku).get()),
            quantity: line.quantity,
        };
        self.order.lines.iter().map(hold).collect()
    }

    fn shards_of(&self, sku: &Sku) -> ShardCount {
        self.shards.get(sku).copied().unwrap_or(ShardCount::ONE)
    }

    fn requested(&self, sku: &Sku) -> u32 {
        let line = self.order.lines.iter().find(|line| line.sku == *sku);
        line.map_or(0, |line| line.quantity)
    }
}

/// The products of which a shard had too little; `fates` are those of `holds`.
fn short_skus(holds: &[Hold], fates: &[Fate]) -> Vec<Sku> {
    let refused = holds
        .iter()
        .zip(fates)
        .filter(|(_, fate)| matches!(fate, Fate::Refused(_)));
    let mut skus: Vec<Sku> = refused.map(|(hold, _)| hold.sku.clone()).collect();
    skus.dedup();
    skus
}

/// Sends each busy hold that stands alone to another shard of its product.
fn move_on(holds: &mut [Hold], fates: &[Fate], shards: &HashMap<Sku, ShardCount>) {
    let alone: Vec<bool> = holds
        .iter()
        .map(|hold| holds.iter().filter(|other| other.sku == hold.sku).count() == 1)
        .collect();
    for ((hold, fate), alone) in holds.iter_mut().zip(fates).zip(alone) {
        let count = shards.get(&hold.sku).map_or(1, |count| count.get());
        if matches!(fate, Fate::Busy) && alone && count > 1 {
            hold.shard = (hold.shard + fastrand::u8(1..count)) % count;
        }
    }
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
