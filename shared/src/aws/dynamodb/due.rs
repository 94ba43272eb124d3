//! Work that is due: a sparse index in shards, on which an entity stands only while something is to be done about it.
//!
//! The index runs behind its table: what stands on it may be done already.

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::dynamodb::{Item, answered, failed, number, parse};
use crate::core::error::Error;

/// Over how many keys an index of due work is spread, so that writing is not bound by one partition.
pub const DUE_SHARDS: u8 = 16;

const INDEX: &str = "due";
const FINDING: &str = "find due work";

/// A page of due work.
#[derive(Debug)]
pub struct DuePage<Id> {
    /// The entities' ids, and since when they are due, the longest due first.
    pub due: Vec<(Id, Timestamp)>,
    /// What is wrong with entries that cannot be read.
    pub damaged: Vec<Error>,
    /// Where the next page begins, when there is one.
    pub next: Option<DuePosition>,
}

/// Where a page of due work ends.
#[derive(Clone, Debug)]
pub struct DuePosition(Item);

/// Puts an entity on the index of its table.
pub fn put_on_index(item: &mut Item, id: Uuid, at: Timestamp) {
    // Ids are hashes, so their first byte spreads evenly.
    item.insert("due_shard".into(), number(id.as_bytes()[0] % DUE_SHARDS));
    item.insert("due_ms".into(), number(at.as_millisecond()));
}

/// A page of what is due at `now` on one shard of a table's index, behind `after`.
pub async fn page<Id>(
    (client, table): (&Client, &str),
    shard: u8,
    now: Timestamp,
    after: Option<DuePosition>,
    deadline: Instant,
    id_in: impl Fn(&str) -> Result<Id, Error>,
) -> Result<DuePage<Id>, Error> {
    let query = client
        .query()
        .table_name(table)
        .index_name(INDEX)
        .key_condition_expression("due_shard = :shard AND due_ms <= :now")
        .expression_attribute_values(":shard", number(shard))
        .expression_attribute_values(":now", number(now.as_millisecond()))
        .limit(100)
        .set_exclusive_start_key(after.map(|position| position.0));
    let send = || async { query.clone().send().await.map_err(|error| failed(FINDING, error)) };
    let answer = answered(FINDING, deadline, send).await?;
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
    let entry: Entry = parse(FINDING, item)?;
    let at = Timestamp::from_millisecond(entry.due_ms).map_err(|error| Error::internal(FINDING, error))?;
    Ok((id_in(&entry.pk)?, at))
}

/// The id in the key `<prefix><uuid>`.
pub fn uuid_in(pk: &str, prefix: &str) -> Result<Uuid, Error> {
    let id = pk.strip_prefix(prefix).and_then(|id| Uuid::parse_str(id).ok());
    id.ok_or_else(|| Error::internal("read a key", format!("{pk} is none of {prefix}")))
}
