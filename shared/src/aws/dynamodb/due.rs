//! Due work: a sparse, sharded index of the entities with work to do and the time at which it is due.
//!
//! The index lags behind its table: the work of an entry may already be done.

use std::ops::Range;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::{Item, classify_error, number, parse, send_until_answered};
use crate::core::error::Error;

/// The number of shards of an index of due work. They keep writes from being limited to one partition.
pub const DUE_SHARDS: u8 = 16;
/// The shards of an index of due work.
pub const SHARDS: Range<u8> = 0..DUE_SHARDS;
/// Other shards of the index, for work that must not delay the first.
pub const OTHER_SHARDS: Range<u8> = DUE_SHARDS..2 * DUE_SHARDS;
/// Further shards, for work that must delay neither.
pub const FURTHER_SHARDS: Range<u8> = 2 * DUE_SHARDS..3 * DUE_SHARDS;

const INDEX: &str = "due";
const DOING: &str = "query due work";

/// A page of due work.
#[derive(Debug)]
pub struct DuePage<Id> {
    /// The entities' ids and due times, the earliest first.
    pub due: Vec<(Id, Timestamp)>,
    /// Errors of entries that cannot be read.
    pub damaged: Vec<Error>,
    /// The start of the next page, if there is one.
    pub next: Option<DuePosition>,
}

/// The position after a page of due work.
#[derive(Clone, Debug)]
pub struct DuePosition(Item);

/// Adds the attributes that put an item on the due index.
pub fn put_on_index(item: &mut Item, id: Uuid, at: Timestamp) {
    put_in(&SHARDS, item, id, at);
}

/// Adds the attributes that put an item on one of these shards of the due index.
pub fn put_in(shards: &Range<u8>, item: &mut Item, id: Uuid, at: Timestamp) {
    // Ids are hashes, so their first byte is evenly distributed.
    let shard = shards.start + id.as_bytes()[0] % DUE_SHARDS;
    item.insert("due_shard".into(), number(shard));
    item.insert("due_ms".into(), number(at.as_millisecond()));
}

/// Reads the page after `after` of the entries of one shard that are due at `now`.
pub async fn page<Id>(
    table: &Table,
    shard: u8,
    now: Timestamp,
    after: Option<DuePosition>,
    deadline: Instant,
    id_in: impl Fn(&str) -> Result<Id, Error>,
) -> Result<DuePage<Id>, Error> {
    let query = table
        .client
        .query()
        .table_name(&table.name)
        .index_name(INDEX)
        .key_condition_expression("due_shard = :shard AND due_ms <= :now")
        .expression_attribute_values(":shard", number(shard))
        .expression_attribute_values(":now", number(now.as_millisecond()))
        .limit(100)
        .set_exclusive_start_key(after.map(|position| position.0));
    let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
    let answer = send_until_answered(DOING, deadline, send).await?;
    let mut page = DuePage {
        due: vec![],
        damaged: vec![],
        next: answer.last_evaluated_key.map(DuePosition),
    };
    for item in answer.items.unwrap_or_default() {
        match entry(item, &id_in) {
            Ok(due) => page.due.push(due),
            Err(error) => page.damaged.push(error),
        }
    }
    Ok(page)
}

fn entry<Id>(item: Item, id_in: impl Fn(&str) -> Result<Id, Error>) -> Result<(Id, Timestamp), Error> {
    #[derive(Deserialize)]
    struct Entry {
        pk: String,
        due_ms: i64,
    }
    let entry: Entry = parse(DOING, item)?;
    let at = Timestamp::from_millisecond(entry.due_ms).map_err(|error| Error::internal(DOING, error))?;
    Ok((id_in(&entry.pk)?, at))
}

/// Parses the id in a key `<prefix><uuid>`.
pub fn uuid_in(pk: &str, prefix: &str) -> Result<Uuid, Error> {
    let id = pk.strip_prefix(prefix).and_then(|id| Uuid::parse_str(id).ok());
    id.ok_or_else(|| Error::internal("read a key", format!("{pk} does not start with {prefix} and a UUID")))
}
