//! The parts that imports and exports have in common: their records, and the queues of their steps.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::Error;
use shared::aws::dynamodb::table::Table;
use shared::aws::dynamodb::{Item, number, parse};
use shared::aws::lambda::Invocation;
use shared::aws::queue::Queue;
use tokio::time::Instant;

/// How long a record is kept, and its key remembered. Its files are kept as long.
const RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The time that a step keeps for its last piece of work. It starts no other one when less is left.
const RESERVE: Duration = Duration::from_secs(20);

/// Adds the attribute with the time after which a record is removed.
pub(crate) fn expire(item: &mut Item, created_at: Timestamp) {
    item.insert("swept_at".into(), number((created_at + RETENTION).as_second()));
}

/// Writes `item`, the stored form of `wanted` in `version`. Returns the stored record instead when it has another version.
///
/// The write succeeds too when an earlier attempt, whose response was lost, has written this version.
pub(crate) async fn save<T: DeserializeOwned + PartialEq>(
    table: &Table,
    doing: &'static str,
    item: Item,
    version: u64,
    wanted: &T,
    deadline: Instant,
) -> Result<Result<(), Box<T>>, Error> {
    let Err(existing) = table.write_version(doing, item, version, deadline).await? else {
        return Ok(Ok(()));
    };
    let existing = existing.ok_or_else(|| Error::internal(doing, "the record does not exist anymore"))?;
    let existing: T = parse(doing, existing)?;
    Ok(if existing == *wanted {
        Ok(())
    } else {
        Err(Box::new(existing))
    })
}

/// Whether a step has time for another piece of work.
pub(crate) fn has_time(invocation: &Invocation) -> bool {
    invocation.has(RESERVE)
}

/// Sends the message that starts the next step. A step can be started twice: the second run ends when it finds the
/// record changed.
pub(crate) async fn send_step(queue: &Queue, message: &impl Serialize, deadline: Instant) -> Result<(), Error> {
    const DOING: &str = "start a step";
    let body = serde_json::to_string(message).map_err(|error| Error::internal(DOING, error))?;
    match queue.send(&[body], deadline).await.as_slice() {
        [true] => Ok(()),
        _ => Err(Error::unavailable(DOING, "the queue did not accept the message")),
    }
}
