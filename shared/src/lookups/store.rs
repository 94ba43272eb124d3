//! The lookups table. Its rows by partition:
//!
//! - A list (`ORDERS#PRODUCT#<sku>#<shard>`): an entity that stays in it, by its position.
//! - `ORDER#<id>`: the entity's status, on the index `by-list`. It is written last, so an entity with this row has all others.
//!   Another row says whether something of it is to be shipped, on the same index.
//! - `CUSTOMER#<id>`: the entities that have personal data of the customer, and the keys that come from them, on the index
//!   `by-list`. All of a customer's are in one partition, so an erasure finds them by one consistent query.
//! - `KEY`: the key of [`PhoneTag`](crate::lookups::PhoneTag)s, encrypted.

pub(super) mod phone_key;
mod rows;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, WriteRequest};
use futures::future::try_join_all;
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::due::uuid_in;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::transaction::{put, transact_changes};
use crate::aws::dynamodb::{
    Item, Wanted, batch_get, classify_error, composite, number, parse, send_until_answered, text,
};
use crate::core::error::Error;
use crate::core::identity::CustomerId;
use crate::lookups::{List, Position, Subject};

pub use rows::{ErasedRows, Found, FoundPage, Owner, PersonalRows};

const STATUS: &str = "STATUS";
const TO_SHIP: &str = "TO_SHIP";
const INDEX: &str = "by-list";
const WRITING: &str = "write lookups";
const ERASING: &str = "erase lookups";

/// The most writes in one BatchWriteItem (DynamoDB API reference).
const BATCH_WRITES: usize = 25;

/// The entities of a step of a walk: less than the 1 MB that a query reads.
const WALK: u16 = 1_000;
/// The last millisecond that a sort key holds.
const NEWEST_MS: u64 = 9_999_999_999_999_999;

/// Reads and writes the lookups table.
#[derive(Clone, Debug)]
pub struct LookupStore {
    table: Table,
}

impl LookupStore {
    /// Reads the table's name from `LOOKUPS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "LOOKUPS_TABLE")?,
        })
    }

    /// The versions of the entities that have all their rows, as their status was written last. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn versions(
        &self,
        subject: Subject,
        ids: &[Uuid],
        deadline: Instant,
    ) -> Result<HashMap<Uuid, u64>, Error> {
        const DOING: &str = "read the versions of lookups";
        #[derive(Deserialize)]
        struct Row {
            pk: String,
            version: u64,
        }
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().map(|id| composite(subject.entity(*id), STATUS)).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let rows = found.into_values().flatten().map(|item| {
            let row: Row = parse(DOING, item)?;
            let prefix = subject.entity(Uuid::nil());
            let prefix = prefix.split_inclusive('#').next().unwrap_or_default();
            Ok((uuid_in(&row.pk, prefix)?, row.version))
        });
        rows.collect()
    }

    /// Puts an entity in lists in which it stays. No condition: a row never changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn put(
        &self,
        subject: Subject,
        lists: &[List],
        position: Position,
        deadline: Instant,
    ) -> Result<(), Error> {
        let items = lists.iter().map(|list| {
            let row = composite(list.partition_of(subject, position.id), position.to_string());
            rows::put_request(row)
        });
        self.write(WRITING, items.collect::<Result<_, _>>()?, deadline).await
    }

    /// Moves an entity to the list of its status in `version`. Condition: no later version was written. Otherwise nothing
    /// changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn put_status(
        &self,
        subject: Subject,
        status: &'static str,
        position: Position,
        version: u64,
        deadline: Instant,
    ) -> Result<(), Error> {
        let list = List::Status(status);
        self.put_state(subject, STATUS, Some(&list), position, version, deadline)
            .await
    }

    /// Puts an entity in the list of those with units that are to be shipped, or takes it out. `version` is that of the entity. Condition: no
    /// later version was written. Otherwise nothing changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn put_to_ship(
        &self,
        subject: Subject,
        is_to_ship: bool,
        position: Position,
        version: u64,
        deadline: Instant,
    ) -> Result<(), Error> {
        let list = is_to_ship.then_some(&List::ToShip);
        self.put_state(subject, TO_SHIP, list, position, version, deadline)
            .await
    }

    async fn put_state(
        &self,
        subject: Subject,
        row: &str,
        list: Option<&List>,
        position: Position,
        version: u64,
        deadline: Instant,
    ) -> Result<(), Error> {
        let mut item = composite(subject.entity(position.id), row);
        if let Some(list) = list {
            rows::put_on_index(&mut item, list.partition_of(subject, position.id), position);
        }
        item.insert("version".into(), number(version));
        let request = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR version < :version")
            .expression_attribute_values(":version", number(version));
        let send = || async {
            match request.clone().send().await {
                Ok(_) => Ok(()),
                Err(error) if is_refused(&error) => Ok(()),
                Err(error) => Err(classify_error(WRITING, error)),
            }
        };
        send_until_answered(WRITING, deadline, send).await
    }

    /// Puts an entity in lists by keys that come from its customer's personal data, and notes that it has such data. Returns
    /// false, and changes nothing, when `key_unchanged` fails: the customer's data were erased.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn put_personal(
        &self,
        subject: Subject,
        lists: &[List],
        position: Position,
        owner: &Owner,
        key_unchanged: TransactWriteItem,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let note = (subject.entity(position.id), None);
        let keys = lists.iter().map(|list| {
            let partition = list.partition_of(subject, position.id);
            (format!("{partition}#{position}"), Some(partition))
        });
        let mut items = vec![key_unchanged];
        for (sk, partition) in [note].into_iter().chain(keys) {
            let mut item = composite(customer_key(&owner.customer_id), sk);
            if let Some(partition) = partition {
                rows::put_on_index(&mut item, partition, position);
            }
            item.insert("customer_id".into(), text(owner.customer_id.as_str()));
            item.insert("key_id".into(), text(owner.key_id.to_string()));
            item.insert("entity_id".into(), text(position.id.to_string()));
            items.push(put(Put::builder().table_name(&self.table.name).set_item(Some(item)))?);
        }
        transact_changes(&self.table.client, WRITING, items, 1, deadline).await
    }

    /// Reads at most `limit` entities of a list that were created within `created_ms` and come after `after`, newest first.
    /// Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        subject: Subject,
        list: &List,
        created_ms: RangeInclusive<u64>,
        after: Option<Position>,
        limit: u8,
        deadline: Instant,
    ) -> Result<FoundPage, Error> {
        let first = Position {
            created_ms: *created_ms.start(),
            id: Uuid::nil(),
        };
        let newest = Position {
            created_ms: *created_ms.end(),
            id: Uuid::max(),
        };
        let last = match after.map(Position::before) {
            None => Some(newest),
            Some(before) => before.map(|before| before.min(newest)),
        };
        let Some(last) = last.filter(|last| first <= *last) else {
            return Ok(FoundPage::default());
        };
        let shards = (0..list.shards()).map(|shard| {
            let partition = list.partition(subject, shard);
            // One more than the page has: whether a next page follows is known from it.
            self.query(list, partition, [first, last], u16::from(limit) + 1, deadline)
        });
        let shards = try_join_all(shards).await?;
        Ok(FoundPage::merged(shards.into_iter().flatten(), limit))
    }

    /// Reads the rows that come from personal data of `customer`. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn personal(&self, customer: &CustomerId, deadline: Instant) -> Result<PersonalRows, Error> {
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression("pk = :customer")
            .expression_attribute_values(":customer", text(customer_key(customer)));
        let (mut start, mut rows) = (None::<Item>, vec![]);
        loop {
            let query = query.clone().set_exclusive_start_key(start);
            let send = || async {
                query
                    .clone()
                    .send()
                    .await
                    .map_err(|error| classify_error(ERASING, error))
            };
            let page = send_until_answered(ERASING, deadline, send).await?;
            rows.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(PersonalRows(rows));
            }
        }
    }

    /// Removes rows. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn remove(&self, erased: ErasedRows, deadline: Instant) -> Result<usize, Error> {
        let removed = erased.deletes.len();
        self.write(ERASING, erased.deletes, deadline).await?;
        Ok(removed)
    }

    /// Reads the next entities of one shard of all entities, newest first. Empty after the last one. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn walk(
        &self,
        subject: Subject,
        shard: u8,
        after: Option<Position>,
        deadline: Instant,
    ) -> Result<Vec<Position>, Error> {
        let first = Position {
            created_ms: 0,
            id: Uuid::nil(),
        };
        let newest = Position {
            created_ms: NEWEST_MS,
            id: Uuid::max(),
        };
        let last = after.map_or(Some(newest), Position::before);
        let Some(last) = last else { return Ok(vec![]) };
        let partition = List::All.partition(subject, shard);
        let found = self.query(&List::All, partition, [first, last], WALK, deadline);
        Ok(found.await?.into_iter().map(|found| found.position).collect())
    }

    async fn query(
        &self,
        list: &List,
        partition: String,
        [first, last]: [Position; 2],
        limit: u16,
        deadline: Instant,
    ) -> Result<Vec<Found>, Error> {
        const DOING: &str = "look up a list";
        let is_indexed = matches!(list, List::Status(_) | List::ToShip | List::Phone(_));
        let [hash, range] = if is_indexed { ["list", "position"] } else { ["pk", "sk"] };
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .set_index_name(is_indexed.then(|| INDEX.to_owned()))
            .key_condition_expression("#list = :list AND #position BETWEEN :first AND :last")
            .expression_attribute_names("#list", hash)
            .expression_attribute_names("#position", range)
            .expression_attribute_values(":list", text(partition))
            .expression_attribute_values(":first", text(first.to_string()))
            .expression_attribute_values(":last", text(last.to_string()))
            .scan_index_forward(false)
            .limit(limit.into());
        let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
        let answer = send_until_answered(DOING, deadline, send).await?;
        let items = answer.items.unwrap_or_default();
        items.into_iter().map(|item| Found::read(&item, range)).collect()
    }

    /// Writes rows in requests of at most 25. Retries what DynamoDB did not process until `deadline`.
    async fn write(&self, doing: &'static str, writes: Vec<WriteRequest>, deadline: Instant) -> Result<(), Error> {
        let mut backoff = Backoff::until(deadline);
        for batch in writes.chunks(BATCH_WRITES) {
            let mut open = batch.to_vec();
            while !open.is_empty() {
                let send = || async {
                    let request = self.table.client.batch_write_item();
                    let request = request.request_items(&self.table.name, open.clone());
                    request.send().await.map_err(|error| classify_error(doing, error))
                };
                let answer = send_until_answered(doing, deadline, send).await?;
                let mut rest = answer.unprocessed_items.unwrap_or_default();
                open = rest.remove(&self.table.name).unwrap_or_default();
                if !open.is_empty() && !backoff.wait().await {
                    return Err(Error::Unavailable { doing, source: None });
                }
            }
        }
        Ok(())
    }
}

/// The partition of a customer's rows.
fn customer_key(customer: &CustomerId) -> String {
    format!("CUSTOMER#{}", customer.as_str())
}

fn is_refused(error: &aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::put_item::PutItemError>) -> bool {
    let service = error.as_service_error();
    service.is_some_and(aws_sdk_dynamodb::operation::put_item::PutItemError::is_conditional_check_failed_exception)
}
