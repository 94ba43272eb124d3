//! The lists of shipments and returns by status: the index `by-status` of the fulfillment table.
//!
//! Each change of a status is a write to the index, and a partition that is too busy for it refuses the change itself. So a list has
//! [`SHARDS`] partitions, which a page merges. The place of an item in its list never changes, so nobody who pages through a list sees an
//! item twice.

use std::cmp::Reverse;

use futures::future::try_join_all;
use serde::de::DeserializeOwned;
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::{Item, classify_error, parse, send_until_answered, text};
use shared::aws::lambda::page::Cursor;
use shared::aws::lambda::problem::Causes;
use shared::core::error::Error;
use shared::lookups::Position;
use tokio::time::Instant;

use crate::returns::ReturnStatus;
use crate::shipment::ShipmentStatus;
use crate::store::{FulfillmentStore, ListPage};

const BY_STATUS: &str = "by-status";
const PARTITION: &str = "in_status";
const PLACE: &str = "list_place";
const DOING: &str = "list shipments or returns by status";

/// The partitions of a list. One takes 1,000 write units a second (DynamoDB's limit), and a change of a status costs about four there:
/// the item leaves a list and joins another.
const SHARDS: u8 = 16;

/// The shipments or the returns with a status.
#[derive(Debug)]
pub(crate) struct StatusList(String);

/// What a partition has of a page.
#[derive(Debug)]
struct Shard {
    /// The items, newest first.
    rows: Vec<(Position, Item)>,
    /// Whether more may follow.
    is_cut: bool,
}

impl StatusList {
    /// The shipments with a status.
    pub(crate) fn of_shipments(status: ShipmentStatus) -> Self {
        Self(format!("SHIPMENTS#{}", status.name()))
    }

    /// The returns with a status.
    pub(crate) fn of_returns(status: ReturnStatus) -> Self {
        Self(format!("RETURNS#{}", status.name()))
    }

    /// Adds the attributes that put an item in the list.
    pub(crate) fn put(&self, item: &mut Item, place: Position) {
        // Ids are hashes, so their first byte is evenly distributed.
        let shard = place.id.as_bytes()[0] % SHARDS;
        item.insert(PARTITION.into(), text(self.partition(shard)));
        item.insert(PLACE.into(), text(place.to_string()));
    }

    fn partition(&self, shard: u8) -> String {
        format!("{}#{shard}", self.0)
    }
}

impl FulfillmentStore {
    /// Reads at most `limit` items of a list after `after`, newest first: a query of each partition at once. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub(crate) async fn list_by_status<T: DeserializeOwned>(
        &self,
        list: &StatusList,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<ListPage<T>, Error> {
        let after = after.map(|Cursor { at: [created_ms], id }| Position { created_ms, id });
        let shards = (0..SHARDS).map(|shard| page_of_shard(&self.table, list.partition(shard), after, limit, deadline));
        let (rows, next) = merged(try_join_all(shards).await?, limit.into());
        let mut items = vec![];
        for (_, item) in rows {
            // One damaged item must not hide the others.
            match parse::<T>(DOING, item) {
                Ok(item) => items.push(item),
                Err(error) => tracing::error!(causes = %Causes(&error), "listed item cannot be read"),
            }
        }
        let next = next.map(|Position { created_ms, id }| Cursor { at: [created_ms], id });
        Ok(ListPage { items, next })
    }
}

async fn page_of_shard(
    table: &Table,
    partition: String,
    after: Option<Position>,
    limit: u8,
    deadline: Instant,
) -> Result<Shard, Error> {
    let query = table.client.query().table_name(&table.name).index_name(BY_STATUS);
    let query = query.expression_attribute_values(":partition", text(partition));
    let query = match after {
        None => query.key_condition_expression(format!("{PARTITION} = :partition")),
        Some(after) => query
            .key_condition_expression(format!("{PARTITION} = :partition AND {PLACE} < :after"))
            .expression_attribute_values(":after", text(after.to_string())),
    };
    let query = query.scan_index_forward(false).limit(limit.into());
    let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
    let answer = send_until_answered(DOING, deadline, send).await?;
    let rows = answer.items.unwrap_or_default().into_iter().map(|item| {
        let place: Option<Position> = text_of(&item, PLACE).and_then(|place| place.parse().ok());
        let place = place.ok_or_else(|| Error::internal(DOING, "the place in the list is unreadable"))?;
        Ok((place, item))
    });
    Ok(Shard {
        rows: rows.collect::<Result<_, Error>>()?,
        is_cut: answer.last_evaluated_key.is_some(),
    })
}

/// The newest `limit` items of all shards, and the place after which the next page starts, if more may follow.
fn merged(shards: Vec<Shard>, limit: usize) -> (Vec<(Position, Item)>, Option<Position>) {
    let is_cut = |shard: &&Shard| shard.is_cut;
    // What follows in a shard can be newer than what others have beyond this place.
    let seen_until = shards
        .iter()
        .filter(is_cut)
        .filter_map(|shard| Some(shard.rows.last()?.0));
    let seen_until = seen_until.max();
    let mut rows: Vec<_> = shards.into_iter().flat_map(|shard| shard.rows).collect();
    let found = rows.len();
    rows.retain(|(place, _)| seen_until.is_none_or(|until| *place >= until));
    rows.sort_unstable_by_key(|(place, _)| Reverse(*place));
    rows.truncate(limit);
    let is_more = seen_until.is_some() || rows.len() < found;
    let next = rows.last().map(|(place, _)| *place).filter(|_| is_more);
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn place(number: u64) -> Position {
        Position {
            created_ms: number / 2,
            id: Uuid::from_u128(u128::from(number)),
        }
    }

    /// A page of a shard with these places, as a query answers it that stops after `limit` items.
    fn shard(places: &[u64], after: Option<Position>, limit: usize) -> Shard {
        let mut places: Vec<Position> = places.iter().copied().map(place).collect();
        places.sort_unstable_by_key(|place| Reverse(*place));
        places.retain(|place| after.is_none_or(|after| *place < after));
        let is_cut = places.len() > limit;
        places.truncate(limit);
        Shard {
            rows: places.into_iter().map(|place| (place, Item::new())).collect(),
            is_cut,
        }
    }

    proptest! {
        #[test]
        fn pages_have_each_item_of_all_partitions_once_newest_first(
            shards in prop::collection::vec(prop::collection::btree_set(0..200u64, 0..20), 1..5),
            limit in 1..7usize,
            // A query may stop earlier than its limit.
            read in 1..7usize,
        ) {
            let shards: Vec<Vec<u64>> = shards
                .iter()
                .enumerate()
                .map(|(nth, places)| places.iter().map(|place| place * 8 + nth as u64).collect())
                .collect();
            let (mut seen, mut after, mut pages) = (vec![], None, 0);
            loop {
                let page = shards.iter().map(|places| shard(places, after, limit.min(read))).collect();
                let (rows, next) = merged(page, limit);
                prop_assert!(rows.len() <= limit);
                seen.extend(rows.into_iter().map(|(place, _)| place));
                pages += 1;
                prop_assert!(pages <= 200);
                match next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            let mut all: Vec<Position> = shards.concat().into_iter().map(place).collect();
            all.sort_unstable_by_key(|place| Reverse(*place));
            prop_assert_eq!(seen, all);
        }
    }
}
