//! Reservations: placing an order takes its stock or its seats, and its coupons, and ending an order returns them.
//!
//! Invariants: a conditional write in the transaction that records the order takes the stock, so it is never oversold. The same
//! holds for seats: none is sold twice.
//! An order is out of stock only when all shards together lack the units. The transaction that ends the order returns
//! its stock, so it is returned once.

mod claims;
mod expired_holds;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::transaction::{
    MAX_ITEMS, TransactionOutcome, WriteOutcome, Writes, put, transact, transact_changes, update,
};
use crate::aws::dynamodb::{BATCH_GET_KEYS, Item, Wanted, batch_get, key};
use crate::aws::lambda::Invocation;
use crate::catalog::shard_hints::Hints;
use crate::catalog::store::{gather_writes, parse_level, parse_product, product_key, stock_key};
use crate::catalog::{CatalogStore, Hold, Product, Shard, ShardCount, Sku};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;
use crate::coupons::store::claim_in;
use crate::coupons::{CouponClaim, CouponClaimId, CouponStore};
use crate::orders::store::{order_key, parse_order};
use crate::orders::{
    Ending, FreshDetails, Line, Order, OrderEvent, OrderId, OrderStatus, OrderStore, Shortage, StoredOrder,
};
use crate::tickets::{Allowance, SeatStore};

pub use expired_holds::EndedHolds;

const DOING: &str = "place an order";
const HOLDING: &str = "hold seats";
/// The most items that change in one transaction with an order's holds. A cancellation has them all: the order, its
/// payment, the request, the claims of two coupons, the credit of its points, the wallet, and the ledger entries of points taken back
/// and owed.
const MAX_RECORDS: usize = 9;
const MAX_HOLDS: usize = MAX_ITEMS - MAX_RECORDS;

/// The tables of the catalog, the orders and the seats.
#[derive(Clone, Debug)]
pub struct ReservationStore {
    client: Client,
    catalog: CatalogStore,
    orders: OrderStore,
    /// `None` in functions whose orders have no seats.
    seats: Option<SeatStore>,
    /// `None` in functions whose orders have no coupons.
    coupons: Option<CouponStore>,
    hints: Hints,
}

/// An order to place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The order.
    pub order: Order,
    /// Who receives the order, and where, encrypted.
    pub delivery_details: Option<FreshDetails>,
    /// The fingerprint of the request.
    pub fingerprint: Fingerprint,
    /// The product of each line, as read. Its number of shards is used.
    pub products: HashMap<Sku, Product>,
    /// The event `OrderPlaced`, or `OrderPaid` of an order that costs nothing.
    pub event: Record,
}

/// An order that holds seats until it is paid or expires.
#[derive(Clone, Debug)]
pub struct SeatHold {
    /// The new order.
    pub order: StoredOrder,
    /// The allowance of its customer then.
    pub allowance: Allowance,
    /// The order of the same customer whose seats it replaces.
    pub replaced: Option<ReplacedHold>,
}

/// An order that holds seats and ends in the transaction that holds others.
#[derive(Clone, Debug)]
pub struct ReplacedHold {
    /// The order as read.
    pub read: StoredOrder,
    /// The order as it ends.
    pub ended: StoredOrder,
}

/// The outcome of a [`SeatHold`].
#[derive(Debug)]
pub enum HoldSeatsOutcome {
    /// The order is recorded and has its seats.
    Held,
    /// An order with this id exists. Nothing was written.
    Exists(Box<StoredOrder>),
    /// A seat is taken, or the customer holds others since it was read. Nothing was written.
    Changed,
    /// The claim of a coupon has changed since it was read: another order or a subscription has it. Nothing was written.
    ClaimTaken,
}

/// The outcome of taking the stock of an expired order again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReinstateOutcome {
    /// The order holds its stock again.
    Taken,
    /// The order or the payment has changed since it was read, possibly by an earlier attempt of the same call.
    Changed,
    /// Too few units are available, or another order or a subscription has a coupon. Nothing was written.
    OutOfStock,
}

/// The outcome of taking stock.
pub enum TakeOutcome {
    /// The stock is taken with these holds, and the records are written.
    Taken(Vec<Hold>),
    /// The condition of a record failed. Has the stored item, where the write asked for it.
    ConditionFailed(Option<Item>),
    /// Too few units are available. Nothing was written.
    OutOfStock(Vec<Shortage>),
}

/// The units to take from the stock, and their products as read.
struct WantedStock<'a> {
    units: &'a [(Sku, u32)],
    products: &'a HashMap<Sku, Product>,
}

/// The outcome of placing a [`Draft`].
#[derive(Debug)]
pub enum PlaceOrderOutcome {
    /// The order is placed and its stock is held.
    Placed,
    /// An order with this id exists. Nothing was written.
    Exists(Box<StoredOrder>),
    /// Too few units are available. Nothing was written.
    OutOfStock(Vec<Shortage>),
    /// Another order or a subscription has the claim of a coupon since it was read. Nothing was written.
    ClaimTaken(Box<CouponClaim>),
}

/// The data that a checkout reads first.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The existing products, listed or not.
    pub products: HashMap<Sku, Product>,
    /// The order, if it was placed before.
    pub existing: Option<StoredOrder>,
    /// Those of the claims that the order is to redeem which exist.
    pub claims: Vec<CouponClaim>,
}

impl ReservationStore {
    /// Creates the store over the tables of the catalog and the orders, for orders of products without coupons.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            catalog: CatalogStore::new(platform)?,
            orders: OrderStore::new(platform)?,
            seats: None,
            coupons: None,
            hints: Hints::default(),
        })
    }

    /// Creates the store over the tables of the catalog, the orders, the seats and the coupons, for all orders. A function that ends
    /// orders with coupons needs it: a claim may belong to an order of products or of seats.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn for_all_orders(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            seats: Some(SeatStore::new(platform)?),
            coupons: Some(CouponStore::new(platform)?),
            ..Self::new(platform)?
        })
    }

    fn seats(&self) -> Result<&SeatStore, Error> {
        let seats = self.seats.as_ref();
        seats.ok_or_else(|| Error::internal("change an order of seats", "the function has no table of seats"))
    }

    /// Reads an order, its products, and the claims that it is to redeem, in one request for up to 97 products.
    ///
    /// Reads the order and the claims consistently, to recognize a retry before any other check. Reads the products consistently only
    /// if `fresh`: eventually consistent reads allow twice as many buyers of one product, and the caller reads again
    /// with `fresh` before it rejects a request. For a product known to have several shards, also reads two of the
    /// shards.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn load(
        &self,
        id: OrderId,
        skus: &[Sku],
        claims: &[CouponClaimId],
        fresh: bool,
        deadline: Instant,
    ) -> Result<Loaded, Error> {
        let others = 1 + claims.len();
        let sampled = self
            .hints
            .draw(skus, BATCH_GET_KEYS.saturating_sub(skus.len() + others));
        let products = skus.iter().map(product_key);
        let shards = sampled.iter().map(|(sku, shard)| stock_key(sku, *shard));
        let mut wanted = vec![
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
        if !claims.is_empty() {
            wanted.push(self.coupons()?.wanted(claims));
        }
        let mut found = batch_get(&self.client, "read an order's products", wanted, deadline).await?;
        let claims = match claims {
            [] => vec![],
            _ => self.coupons()?.loaded(&mut found)?,
        };
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
            claims,
        })
    }

    /// Builds the writes that return the units of `holds`.
    pub fn release_writes(&self, holds: &[Hold]) -> Result<Vec<TransactWriteItem>, Error> {
        let writes = holds.iter().map(|hold| {
            let units = hold.quantity.into();
            update(self.catalog.add_units(&hold.sku, hold.shard, units))
        });
        writes.collect()
    }

    /// Places `draft`, takes its stock and redeems its coupons, in one transaction.
    ///
    /// A retry finds an earlier attempt by the order's id, even if that attempt's response was lost or it was in
    /// progress at the deadline.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before `deadline`, and [`Error::Internal`].
    pub async fn place(&self, draft: &Draft, deadline: Instant) -> Result<PlaceOrderOutcome, Error> {
        let order = &draft.order;
        let record = |holds| {
            let stored = StoredOrder {
                order: order.clone(),
                holds,
                delivery_details: draft.delivery_details.as_ref().map(|fresh| fresh.details.clone()),
                fingerprint: draft.fingerprint.clone(),
                payments: 0,
                shipping_refunded: None,
                refund_terms: None,
                version: 1,
                event: Some(draft.event.clone()),
            };
            let key_unchanged = draft.delivery_details.as_ref().map(|fresh| fresh.key_unchanged.clone());
            let order_put = put(self.orders.put_new(&stored)?)?;
            let claims = self.claim_writes(order, None)?;
            Ok(std::iter::once(order_put).chain(claims).chain(key_unchanged).collect())
        };
        let units: Vec<(Sku, u32)> = order.lines.iter().filter_map(Line::product_units).collect();
        match self.take(&units, &draft.products, record, deadline).await? {
            TakeOutcome::Taken(_) => Ok(PlaceOrderOutcome::Placed),
            TakeOutcome::ConditionFailed(Some(item)) => match claim_in(&item).transpose()? {
                None => Ok(PlaceOrderOutcome::Exists(Box::new(parse_order(item)?))),
                Some(claim) => {
                    // A concurrent duplicate of this request may have redeemed it.
                    let existing = self.orders.get_serializable(order.order_id, deadline).await?;
                    Ok(
                        existing.map_or(PlaceOrderOutcome::ClaimTaken(Box::new(claim)), |order| {
                            PlaceOrderOutcome::Exists(Box::new(order))
                        }),
                    )
                }
            },
            // A retry encrypts the address with a new key.
            TakeOutcome::ConditionFailed(None) => Err(Error::unavailable(
                DOING,
                "the personal data of the customer were erased meanwhile",
            )),
            // A concurrent duplicate of this request may have taken the units.
            TakeOutcome::OutOfStock(shortages) => {
                let existing = self.orders.get_serializable(order.order_id, deadline).await?;
                Ok(existing.map_or(PlaceOrderOutcome::OutOfStock(shortages), |order| {
                    PlaceOrderOutcome::Exists(Box::new(order))
                }))
            }
        }
    }

    /// Takes the stock or the seats of an expired order, and its coupons, again because it was paid, in one transaction with
    /// `payment`.
    ///
    /// `paid` is the order to store; this function sets its holds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before `deadline`, and [`Error::Internal`].
    pub async fn reinstate(
        &self,
        paid: &StoredOrder,
        payment: &PutBuilder,
        invocation: &Invocation,
    ) -> Result<ReinstateOutcome, Error> {
        let deadline = invocation.deadline;
        let units: Vec<(Sku, u32)> = paid.order.lines.iter().filter_map(Line::product_units).collect();
        let skus: Vec<Sku> = units.iter().map(|(sku, _)| sku.clone()).collect();
        let products = self
            .load(paid.order.order_id, &skus, &[], true, deadline)
            .await?
            .products;
        if !self.can_redeem_again(&paid.order, invocation).await? {
            return self.out_of_stock(paid, deadline).await;
        }
        let claims = self.claim_writes(&paid.order, None)?;
        let mut seats = vec![];
        if let Some(of_order) = paid.order.seats() {
            match self.can_retake(&of_order, invocation).await? {
                Some(most) => seats = self.seats()?.retake_writes(&of_order, most)?,
                None => return self.out_of_stock(paid, deadline).await,
            }
        }
        let record = |holds| {
            let stored = StoredOrder { holds, ..paid.clone() };
            let records = [put(self.orders.put_if_version(&stored)?)?, put(payment.clone())?];
            Ok(records.into_iter().chain(claims.clone()).chain(seats.clone()).collect())
        };
        match self.take(&units, &products, record, deadline).await? {
            TakeOutcome::Taken(_) => Ok(ReinstateOutcome::Taken),
            TakeOutcome::ConditionFailed(_) => Ok(ReinstateOutcome::Changed),
            TakeOutcome::OutOfStock(_) => self.out_of_stock(paid, deadline).await,
        }
    }

    /// The outcome when something of an expired order is gone: an earlier attempt of the same call may have taken it.
    async fn out_of_stock(&self, paid: &StoredOrder, deadline: Instant) -> Result<ReinstateOutcome, Error> {
        let present = self.orders.get_serializable(paid.order.order_id, deadline).await?;
        let is_unchanged = present.is_some_and(|present| present.version + 1 == paid.version);
        Ok(if is_unchanged {
            ReinstateOutcome::OutOfStock
        } else {
            ReinstateOutcome::Changed
        })
    }

    /// Records an order that holds seats, in one transaction with the seats, its coupons, and what its customer may hold. An order
    /// that it replaces hands its coupons over, or gives them back.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before `deadline`, and [`Error::Internal`].
    pub async fn hold_seats(&self, hold: &SeatHold, deadline: Instant) -> Result<HoldSeatsOutcome, Error> {
        let order = &hold.order.order;
        let until = (order.status == OrderStatus::PendingPayment).then_some(order.expires_at);
        let seats = order
            .seats()
            .ok_or_else(|| Error::internal(HOLDING, "the order has no seats"))?;
        let mut items = vec![put(self.orders.put_new(&hold.order)?)?];
        let claims = self.claim_writes(order, hold.replaced.as_ref().map(|replaced| &replaced.read.order))?;
        let count = claims.len();
        items.extend(claims);
        let mut given_back = None;
        if let Some(replaced) = &hold.replaced {
            items.push(put(self.orders.put_if_version(&replaced.ended)?)?);
            given_back = replaced.read.order.seats();
        }
        let writes = self
            .seats()?
            .hold_writes(&seats, until, given_back.as_ref(), &hold.allowance);
        items.extend(writes?);
        let mut backoff = Backoff::until(deadline);
        loop {
            let mut outcomes = match transact(&self.client, HOLDING, items.clone(), deadline).await? {
                TransactionOutcome::Committed => return Ok(HoldSeatsOutcome::Held),
                TransactionOutcome::Cancelled(outcomes) => outcomes.into_iter(),
            };
            match outcomes.next() {
                Some(WriteOutcome::ConditionFailed(Some(item))) => {
                    return Ok(HoldSeatsOutcome::Exists(Box::new(parse_order(item)?)));
                }
                _ if outcomes.by_ref().take(count).any(|outcome| has_failed(&outcome)) => {
                    return Ok(HoldSeatsOutcome::ClaimTaken);
                }
                _ if outcomes.any(|outcome| has_failed(&outcome)) => return Ok(HoldSeatsOutcome::Changed),
                _ => {}
            }
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: HOLDING,
                    source: None,
                });
            }
        }
    }

    /// Takes `units` of products from the stock, in one transaction with the items that `record` builds from the holds. Each product is
    /// in it once. `products` are the products as read.
    ///
    /// The first attempt takes each product from one shard. If a shard has too few units, surveys all shards and takes the
    /// units from as many as needed. After a conflict, retries another shard at once, and then with backoff.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before `deadline`, and [`Error::Internal`].
    pub async fn take(
        &self,
        units: &[(Sku, u32)],
        products: &HashMap<Sku, Product>,
        record: impl Fn(Vec<Hold>) -> Result<Vec<TransactWriteItem>, Error>,
        deadline: Instant,
    ) -> Result<TakeOutcome, Error> {
        let wanted = WantedStock { units, products };
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
            // A concurrent duplicate of this request may be taking the units, so a shortage is not reliable now.
            if short.is_empty() || record_is_retryable {
                let all_moved = move_retryable_holds(&mut holds, &of_stock, &wanted);
                // Retry at once, because another shard is probably free. A second conflict means high load: wait.
                if all_moved && !record_is_retryable && !moved {
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

    /// Expires an order whose deadline has passed. Returns false when it is not due, or has changed since it was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before the deadline, and [`Error::Internal`].
    pub async fn expire(&self, stored: &StoredOrder, invocation: &Invocation) -> Result<bool, Error> {
        let Ok(expired) = stored.order.end(Ending::Expire, invocation.now) else {
            return Ok(false);
        };
        let event = invocation.record(&OrderEvent::OrderExpired(expired.clone()))?;
        let (ended, released) = stored.releasing_all(expired, event);
        self.save_released(stored, &ended, &released, Writes::default(), None, invocation.deadline)
            .await
    }

    /// Saves the order that follows on `stored` and no longer has the holds `released`, and returns their stock, and the seats and the
    /// coupons that it gives back, in one transaction with `writes`. Returns false when anything has changed since it was read.
    /// With `coupons_until`, the coupons can be redeemed until then at least.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not succeed before `deadline`, and [`Error::Internal`].
    pub async fn save_released(
        &self,
        stored: &StoredOrder,
        next: &StoredOrder,
        released: &[Hold],
        writes: Writes,
        coupons_until: Option<Timestamp>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let mut items = vec![put(self.orders.put_if_version(next)?)?];
        items.extend(writes.0);
        if let Some(given_back) = stored.order.seats_given_back_by(&next.order) {
            items.extend(self.seats()?.give_back_writes(&given_back.seats, given_back.left)?);
        }
        let claims = Vec::from_iter(stored.order.claims_given_back_by(&next.order));
        let returned = self.return_writes(&claims, next.order.order_id, coupons_until, deadline);
        items.extend(returned.await?);
        let records = items.len();
        items.extend(self.release_writes(released)?);
        transact_changes(&self.client, "release what an order holds", items, records, deadline).await
    }

    /// Finds new holds for the `short` products in all shards. Returns all shortages if any product is short.
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
        // Report all shortages, not only those found first.
        let skus = wanted.units.iter().map(|(sku, _)| sku);
        for sku in skus.filter(|sku| !short.contains(sku)) {
            let found = self.find_stock(wanted, sku, false, deadline).await?;
            shortages.extend(found.err());
        }
        Ok(Err(shortages))
    }

    /// Takes each product from one shard.
    fn initial_holds(&self, wanted: &WantedStock<'_>) -> Vec<Hold> {
        let hold = |(sku, quantity): &(Sku, u32)| Hold {
            sku: sku.clone(),
            shard: self.hints.first(sku, wanted.shards_of(sku)),
            quantity: *quantity,
        };
        wanted.units.iter().map(hold).collect()
    }

    /// Finds a product's units in all of its shards. `refused` means that a transaction has just found its shard short.
    async fn find_stock(
        &self,
        wanted: &WantedStock<'_>,
        sku: &Sku,
        refused: bool,
        deadline: Instant,
    ) -> Result<Result<Vec<Hold>, Shortage>, Error> {
        let (requested, count) = (wanted.requested(sku), wanted.shards_of(sku));
        let hold = |(shard, quantity)| Hold {
            sku: sku.clone(),
            shard,
            quantity,
        };
        let found = self
            .catalog
            .find_units(sku, requested, count, refused, deadline)
            .await?;
        Ok(found
            .map(|parts| parts.into_iter().map(hold).collect())
            .map_err(|available| Shortage {
                sku: sku.clone(),
                requested,
                available,
            }))
    }

    /// Makes `holds` fit one transaction: moves products with too many parts into one shard.
    async fn gather(&self, holds: &mut Vec<Hold>, deadline: Instant) -> Result<(), Error> {
        while holds.len() > MAX_HOLDS {
            let Some((sku, parts)) = most_scattered(holds) else {
                return Ok(());
            };
            let moves = gather_writes(&self.catalog, &sku, &parts)?;
            // If the units are gone by then, the order's own conditions fail.
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
        let units = self.units.iter().find(|(wanted, _)| wanted == sku);
        units.map_or(0, |(_, quantity)| *quantity)
    }
}

const fn has_failed(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::ConditionFailed(_))
}

/// The products with a shard that had too few units. `outcomes` are those of `holds`.
fn short_skus(holds: &[Hold], outcomes: &[WriteOutcome]) -> Vec<Sku> {
    let refused = holds.iter().zip(outcomes).filter(|(_, outcome)| has_failed(outcome));
    let mut skus: Vec<Sku> = refused.map(|(hold, _)| hold.sku.clone()).collect();
    skus.dedup();
    skus
}

/// Moves each retryable hold to another shard, if it is its product's only hold. Returns whether all of them moved.
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

/// The product with the most holds, and its holds.
fn most_scattered(holds: &[Hold]) -> Option<(Sku, Vec<(Shard, u32)>)> {
    let mut parts: HashMap<&Sku, Vec<(Shard, u32)>> = HashMap::new();
    for hold in holds {
        parts.entry(&hold.sku).or_default().push((hold.shard, hold.quantity));
    }
    let (sku, parts) = parts.into_iter().max_by_key(|(_, parts)| parts.len())?;
    Some((sku.clone(), parts))
}
