//! The stock movements in the catalog table: a movement's record and its units are one transaction.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::with_event;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::listed::{List, ListIndex, Listed};
use crate::aws::dynamodb::transaction::{TransactionOutcome, WriteOutcome, put, transact, update};
use crate::aws::dynamodb::{key, number, parse};
use crate::aws::lambda::page::Cursor;
use crate::catalog::{self, CatalogStore, Shard, ShardCount, Sku, StockMovement, StoredMovement};
use crate::core::error::Error;
use crate::core::event::Record;

const DOING: &str = "move stock";
const BY_SKU: ListIndex = ListIndex {
    name: "movements-by-sku",
    list: "sku",
    place: "created_ms",
};
/// The prefix of a movement's key.
const MOVEMENT: &str = "MOVEMENT#";

/// The outcome of a movement.
#[derive(Debug)]
pub enum MovementOutcome {
    /// The units moved, and the movement is recorded.
    Moved,
    /// A movement with this id exists. Nothing was written.
    Exists(Box<StoredMovement>),
    /// Too few units are available. Nothing was written.
    InsufficientStock {
        /// The available units of the product.
        available: u64,
    },
}

impl CatalogStore {
    /// Moves the units of a product that has `count` shards, and records the movement, in one transaction. The record's
    /// condition: no movement has its id.
    ///
    /// Adds units evenly to the shards. Takes units from one shard; if that has too few, surveys all shards and takes them
    /// from as many as needed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when concurrent orders keep the stock busy until `deadline`, and [`Error::Internal`].
    pub async fn move_stock(
        &self,
        stored: &StoredMovement,
        count: ShardCount,
        event: &Record,
        deadline: Instant,
    ) -> Result<MovementOutcome, Error> {
        let movement = &stored.movement;
        let (sku, units, is_taken) = (&movement.sku, movement.units(), movement.change < 0);
        let mut backoff = Backoff::until(deadline);
        let mut width = if is_taken { ShardCount::ONE } else { count };
        let mut parts = spread(units, count, width);
        loop {
            let mut items = vec![put(self.movement_put(movement, stored, event)?)?];
            for &(shard, part) in &parts {
                items.push(update(self.move_units(sku, shard, part, is_taken))?);
            }
            let mut outcomes = match transact(&self.table.client, DOING, items, deadline).await? {
                TransactionOutcome::Committed => return Ok(MovementOutcome::Moved),
                TransactionOutcome::Cancelled(outcomes) => outcomes.into_iter(),
            };
            if let Some(WriteOutcome::ConditionFailed(Some(existing))) = outcomes.next() {
                return Ok(MovementOutcome::Exists(Box::new(parse(DOING, existing)?)));
            }
            if is_taken {
                let refused = outcomes.any(|outcome| matches!(outcome, WriteOutcome::ConditionFailed(_)));
                match self.find_units(sku, units, count, refused, deadline).await? {
                    Ok(found) => parts = found.into_iter().map(|(shard, part)| (shard, part.into())).collect(),
                    Err(available) => return self.insufficient(movement, available, deadline).await,
                }
            } else {
                // Fewer shards conflict with fewer buyers, so that a busy sale does not block the delivery.
                width = width.halved();
                parts = spread(units, count, width);
            }
            if !backoff.wait().await {
                return Err(Error::Unavailable {
                    doing: DOING,
                    source: None,
                });
            }
        }
    }

    /// Builds the writes that put returned units back on the shelf, for another store's transaction: the record of
    /// `movement` with its event, which fails its condition when a movement with this id exists, and its units in `shard`.
    ///
    /// # Errors
    /// [`Error::Internal`] when serialization fails.
    pub fn return_writes(
        &self,
        movement: &StockMovement,
        shard: Shard,
        event: &Record,
    ) -> Result<[TransactWriteItem; 2], Error> {
        let units = self.add_units(&movement.sku, shard, movement.units().into());
        Ok([put(self.movement_put(movement, movement, event)?)?, update(units)?])
    }

    /// Reads at most `limit` of a product's movements that were made within `created_ms` after `after`, newest first.
    /// Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn movements(
        &self,
        sku: &Sku,
        created_ms: RangeInclusive<u64>,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<StockMovement>, Error> {
        let list = List {
            places: created_ms,
            ..List::newest_in(BY_SKU, sku.as_str(), MOVEMENT)
        };
        let doing = "list stock movements";
        self.table.list_readable(doing, &list, after, limit, deadline).await
    }

    /// The outcome of a movement for which a survey found only `available` units. An earlier attempt of the same request,
    /// which may still be in progress, can have taken the others.
    async fn insufficient(
        &self,
        movement: &StockMovement,
        available: u64,
        deadline: Instant,
    ) -> Result<MovementOutcome, Error> {
        let key = key(movement_key(movement.movement_id));
        let existing = self.table.read_serializable(DOING, key, deadline).await?;
        Ok(
            existing.map_or(MovementOutcome::InsufficientStock { available }, |existing| {
                MovementOutcome::Exists(Box::new(existing))
            }),
        )
    }

    fn move_units(&self, sku: &Sku, shard: Shard, units: u64, is_taken: bool) -> UpdateBuilder {
        if is_taken {
            self.take_units(sku, shard, units)
        } else {
            self.add_units(sku, shard, units)
        }
    }

    /// Builds the put of `movement`, stored as `entity`. Fails its condition, and returns the stored movement, when the id
    /// exists.
    fn movement_put(
        &self,
        movement: &StockMovement,
        entity: &impl Serialize,
        event: &Record,
    ) -> Result<PutBuilder, Error> {
        let mut item = with_event(DOING, movement_key(movement.movement_id), entity, event)?;
        // Only movements have it, so the index by product has nothing else.
        item.insert("created_ms".into(), number(movement.created_at.as_millisecond()));
        Ok(self.table.put_if_version(item, 1))
    }
}

/// Spreads units over `width` of a product's `count` shards, beginning at a random one.
fn spread(units: u32, count: ShardCount, width: ShardCount) -> Vec<(Shard, u64)> {
    catalog::spread(units.into(), count, width, fastrand::u8(..count.get()))
}

/// The key of a movement.
fn movement_key(id: Uuid) -> String {
    format!("{MOVEMENT}{id}")
}
