//! The table of waiting rooms: rooms (`ROOM#<id>`, `ROOM`), joins (`JOIN#<hash of room and account>`, `JOIN`), the numbers of joins
//! and entries (`COUNTS#<room>#<part>`: `E#<part>` for early comers, `M#<minute>` for later ones and `M#<minute>#E` for entries, with an
//! attribute a second), and the index `listed` with all rooms by their opening.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure as OnFailure, Update};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::listed::{List, Listed};
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{TransactionOutcome, WriteOutcome, put, transact, update};
use shared::aws::dynamodb::{
    Item, Wanted, batch_get, classify_error, composite, number, parse, send_until_answered, text,
};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::page::Cursor;
use shared::core::error::{self, Rejection};
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::waiting_rooms::WaitingRoomId;
use tokio::time::Instant;

use crate::calls::LateLimit;
use crate::lottery::{Bucket, Draw};
use crate::numbers::{EARLY_BITS, LATER_BITS, LATER_PARTS, Minute, Numbers, split};
use crate::room::{KEPT, LONGEST, StoredRoom};

const INDEX: &str = "listed";
/// The list of all rooms.
const ROOMS: &str = "ROOMS";
/// The most minutes of numbers that are read by their keys, 32 items each, in one request.
const MINUTES_BY_KEY: u32 = 3;
/// The most items of numbers in an answer. A function reads 16 answers at a time, each of about one megabyte in memory.
const PAGE: i32 = 100;
/// The last minute whose numbers are read: the last one of 72 hours.
const LAST_MINUTE: u32 = 72 * 60 - 1;
/// A sort key before those of all numbers.
const EARLIEST: &str = "E#";
const COUNTING: &str = "read the numbers of a waiting room";
/// The attribute with the early comers of a part.
const EARLY: &str = "early";

/// A customer's join of a room, and the admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredJoin {
    /// The room.
    pub waiting_room_id: WaitingRoomId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The time of the join.
    pub joined_at: Timestamp,
    /// The second after the opening. Absent for an early comer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<u32>,
    /// The time at which the customer entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted_at: Option<Timestamp>,
    /// The time from which the admission is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted_until: Option<Timestamp>,
    /// The round that called the place of a customer who entered in time. Its number counts the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_time: Option<u32>,
    /// The second after the opening in which a late customer entered. Its number counts the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<u32>,
}

/// The way in which an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// In time, with the round that called the place.
    InTime(u32),
    /// Late, as one of so many.
    Late(LateLimit),
    /// The room admits everybody, and nobody counts.
    Free,
}

impl StoredJoin {
    /// Whose order decides the place.
    pub fn bucket(&self) -> Bucket {
        self.second.map_or(Bucket::Early, Bucket::Second)
    }
}

/// How long after its time a version of a room may be sent.
const SOON: Duration = Duration::from_secs(1);

/// The outcome of a join.
#[derive(Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    /// It is stored, and counted.
    Joined,
    /// The customer has joined before. Nothing was written.
    Exists(Box<StoredJoin>),
    /// Another transaction was writing the number. Nothing was written.
    Conflict,
}

/// The outcome of an entry.
#[derive(Debug, PartialEq, Eq)]
pub enum EntryOutcome {
    /// It is stored, and counted.
    Admitted,
    /// The customer has entered before. Nothing was written.
    Exists(Box<StoredJoin>),
    /// So many late customers have entered in this second. Nothing was written.
    Full,
    /// Another transaction was writing the number. Nothing was written.
    Conflict,
}

/// Reads and writes the table.
#[derive(Clone, Debug)]
pub struct RoomTable {
    table: Table,
}

impl RoomTable {
    /// Reads the table's name from `WAITING_ROOMS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "WAITING_ROOMS_TABLE")?,
        })
    }

    /// Reads a room, if there is one. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find(&self, id: WaitingRoomId, deadline: Instant) -> Result<Option<StoredRoom>, Error> {
        self.table.read("read a waiting room", room_key(id), deadline).await
    }

    /// Reads a room. Strongly consistent.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: WaitingRoomId, deadline: Instant) -> Result<StoredRoom, Error> {
        Ok(self.find(id, deadline).await?.ok_or_else(missing)?)
    }

    /// Reads a customer's join, and the room if asked for, consistently, in one request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn join_and_room(
        &self,
        id: WaitingRoomId,
        customer: &CustomerId,
        with_room: bool,
        deadline: Instant,
    ) -> Result<(Option<StoredJoin>, Option<StoredRoom>), Error> {
        const DOING: &str = "read a join";
        let keys = [join_key(id, customer)];
        let keys = keys.into_iter().chain(with_room.then(|| room_key(id)));
        let (mut join, mut room) = (None, None);
        for item in self.read(DOING, keys.collect(), deadline).await? {
            if text_of(&item, "sk") == Some("ROOM") {
                room = Some(parse(DOING, item)?);
            } else {
                join = Some(parse(DOING, item)?);
            }
        }
        Ok((join, room))
    }

    /// Stores a version of a room soon after `invocation` began, on condition that the version before it is stored. Returns false
    /// when it is not, or when it is not known: read the room again.
    ///
    /// A rate counts from the time of its version on, and takes effect two seconds later. Until then it is stored, and nobody
    /// remembers the version before it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_soon(&self, room: &StoredRoom, invocation: &Invocation) -> Result<bool, Error> {
        let soon = (invocation.began + SOON).min(invocation.deadline);
        match self.save(room, soon).await {
            Err(Error::Unavailable { .. }) if soon < invocation.deadline => Ok(false),
            outcome => outcome,
        }
    }

    /// Stores a version of a room, on condition that the version before it is stored. Returns false when it is not.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, room: &StoredRoom, deadline: Instant) -> Result<bool, Error> {
        const DOING: &str = "save a waiting room";
        let mut item = self.table.item(DOING, room_key(room.waiting_room_id), room)?;
        item.insert("listed_in".into(), text(ROOMS));
        item.insert("listed_ms".into(), number(listed_ms(room.opens_at)));
        let written = self.table.write_version(DOING, item, room.version, deadline).await?;
        Ok(written.is_ok())
    }

    /// Stores a join of a room that keeps joins until `joins_until`, and counts it. Condition: the customer has not joined.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn join(
        &self,
        join: &StoredJoin,
        draw: Draw,
        joins_until: Timestamp,
        deadline: Instant,
    ) -> Result<JoinOutcome, Error> {
        const DOING: &str = "join a waiting room";
        let key = join_key(join.waiting_room_id, &join.customer_id);
        let (counted, attribute) = counted(join.waiting_room_id, join.bucket(), draw);
        let count = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(counted))
            .update_expression("ADD #counted :one")
            .expression_attribute_names("#counted", attribute)
            .expression_attribute_values(":one", number(1));
        let mut item = self.table.item(DOING, key, join)?;
        // DynamoDB removes it then, or a few days later.
        let kept = join.joined_at.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        item.insert("swept_at".into(), number(joins_until.max(kept).as_second()));
        let items = vec![put(self.table.put_if_version(item, 1))?, update(count)?];
        let mut outcomes = match transact(&self.table.client, DOING, items, deadline).await? {
            TransactionOutcome::Committed => return Ok(JoinOutcome::Joined),
            TransactionOutcome::Cancelled(outcomes) => outcomes.into_iter(),
        };
        match outcomes.next() {
            Some(WriteOutcome::ConditionFailed(Some(found))) => Ok(JoinOutcome::Exists(parse(DOING, found)?)),
            _ => Ok(JoinOutcome::Conflict),
        }
    }

    /// Records the entry of `entered`, and counts it. Condition: the customer has not entered since `join` was read, and a late one is
    /// not one too many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn admit(
        &self,
        join: &StoredJoin,
        (at, until): (Timestamp, Timestamp),
        (entry, draw): (Entry, Draw),
        deadline: Instant,
    ) -> Result<EntryOutcome, Error> {
        const DOING: &str = "admit a customer";
        let id = join.waiting_room_id;
        let write = |key: Item| Update::builder().table_name(&self.table.name).set_key(Some(key));
        let (counted, set) = match entry {
            Entry::InTime(round) => (Some((round, entries_part(draw), 'i', None)), ", in_time = :nth"),
            Entry::Late(limit) => {
                let (part, most) = limit.part(draw);
                (Some((limit.second, part, 'l', Some(most))), ", late = :nth")
            }
            Entry::Free => (None, ""),
        };
        let admission = write(join_key(id, &join.customer_id))
            .update_expression(format!("SET admitted_at = :at, admitted_until = :until{set}"))
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":until", text(until.to_string()))
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let admission = match join.admitted_until {
            None => admission.condition_expression("attribute_exists(pk) AND attribute_not_exists(admitted_at)"),
            Some(before) => admission
                .condition_expression("admitted_until = :before")
                .expression_attribute_values(":before", text(before.to_string())),
        };
        let items = match counted {
            None => vec![update(admission)?],
            Some((nth, part, kind, most)) => {
                let (minute, second) = split(nth);
                let count = write(counts_key(id, part, entries(minute)))
                    .update_expression("ADD #counted :one")
                    .expression_attribute_names("#counted", format!("{kind}{second:02}"))
                    .expression_attribute_values(":one", number(1));
                let count = match most {
                    None => count,
                    Some(most) => count
                        .condition_expression("attribute_not_exists(#counted) OR #counted < :most")
                        .expression_attribute_values(":most", number(most)),
                };
                let admission = admission.expression_attribute_values(":nth", number(nth));
                vec![update(admission)?, update(count)?]
            }
        };
        let outcomes = match transact(&self.table.client, DOING, items, deadline).await? {
            TransactionOutcome::Committed => return Ok(EntryOutcome::Admitted),
            TransactionOutcome::Cancelled(outcomes) => outcomes,
        };
        let mut outcomes = outcomes.into_iter();
        match (outcomes.next(), outcomes.next()) {
            (Some(WriteOutcome::ConditionFailed(Some(found))), _) => {
                Ok(EntryOutcome::Exists(Box::new(parse(DOING, found)?)))
            }
            (Some(WriteOutcome::ConditionFailed(None)), _) => Err(Error::internal(DOING, "the join is gone")),
            (_, Some(WriteOutcome::ConditionFailed(_))) => Ok(EntryOutcome::Full),
            _ => Ok(EntryOutcome::Conflict),
        }
    }

    /// Reads the numbers of the minutes from `first` to `last`, or all that there are.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn count(
        &self,
        id: WaitingRoomId,
        first: Option<u32>,
        last: u32,
        deadline: Instant,
    ) -> Result<Numbers, Error> {
        let Some(first) = first.filter(|first| last - first < MINUTES_BY_KEY) else {
            let from = first.map_or_else(|| EARLIEST.to_owned(), minute);
            return self.count_all(id, &from, deadline).await;
        };
        let names: Vec<String> = (first..=last).flat_map(|nth| [minute(nth), entries(nth)]).collect();
        let parts = |part| names.iter().map(move |name| counts_key(id, part, name.clone()));
        let keys = (0..LATER_PARTS).flat_map(parts).collect();
        let mut numbers = Numbers::default();
        for item in self.read(COUNTING, keys, deadline).await? {
            note(&mut numbers, &item)?;
        }
        Ok(numbers)
    }

    /// Reads all numbers from a sort key on. Only the sums stay in memory.
    async fn count_all(&self, id: WaitingRoomId, from: &str, deadline: Instant) -> Result<Numbers, Error> {
        let numbers = Mutex::new(Numbers::default());
        let parts = (0..LATER_PARTS).map(|part| self.count_part(id, part, from, &numbers, deadline));
        try_join_all(parts).await?;
        Ok(numbers.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds the items of a part from a sort key on, page by page.
    async fn count_part(
        &self,
        id: WaitingRoomId,
        part: usize,
        from: &str,
        numbers: &Mutex<Numbers>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        loop {
            let query = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :last")
                .expression_attribute_values(":pk", text(counts(id, part)))
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":last", text(entries(LAST_MINUTE)))
                .limit(PAGE)
                .set_exclusive_start_key(start.take());
            let send = || async {
                query
                    .clone()
                    .send()
                    .await
                    .map_err(|error| classify_error(COUNTING, error))
            };
            let answer = send_until_answered(COUNTING, deadline, send).await?;
            {
                let mut numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
                for item in answer.items.unwrap_or_default() {
                    note(&mut numbers, &item)?;
                }
            }
            match answer.last_evaluated_key {
                Some(last) => start = Some(last),
                None => return Ok(()),
            }
        }
    }

    /// Reads the ids of the rooms that opened within the last 72 hours. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn open_rooms(&self, now: Timestamp, deadline: Instant) -> Result<Vec<WaitingRoomId>, Error> {
        const DOING: &str = "list open waiting rooms";
        #[derive(Deserialize)]
        struct RoomId {
            waiting_room_id: WaitingRoomId,
        }
        let since = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        let (mut rooms, mut start) = (vec![], None);
        loop {
            let query = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .index_name(INDEX)
                .key_condition_expression("listed_in = :list AND listed_ms BETWEEN :since AND :now")
                .expression_attribute_values(":list", text(ROOMS))
                .expression_attribute_values(":since", number(since.as_millisecond()))
                .expression_attribute_values(":now", number(now.as_millisecond()))
                .set_exclusive_start_key(start.take());
            let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
            let answer = send_until_answered(DOING, deadline, send).await?;
            for item in answer.items.unwrap_or_default() {
                rooms.push(parse::<RoomId>(DOING, item)?.waiting_room_id);
            }
            match answer.last_evaluated_key {
                Some(last) => start = Some(last),
                None => return Ok(rooms),
            }
        }
    }

    /// Reads a page of all rooms, the latest opening first. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list(
        &self,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<StoredRoom>, Error> {
        let list = List {
            sort_key: Some("ROOM"),
            ..List::newest(ROOMS, "ROOM#")
        };
        self.table
            .list("list waiting rooms", &list, after, limit, deadline)
            .await
    }

    async fn read(&self, doing: &'static str, keys: Vec<Item>, deadline: Instant) -> Result<Vec<Item>, Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys,
            consistent: true,
        };
        let found = batch_get(&self.table.client, doing, vec![wanted], deadline).await?;
        Ok(found.into_values().flatten().collect())
    }
}

/// The position of a room in the list.
pub fn listed_ms(opens_at: Timestamp) -> u64 {
    u64::try_from(opens_at.as_millisecond()).unwrap_or_default()
}

/// The rejection when there is no such room.
pub fn missing() -> Rejection {
    Rejection::new(&error::NOT_FOUND, "There is no such waiting room.")
}

fn room_key(id: WaitingRoomId) -> Item {
    composite(format!("ROOM#{id}"), "ROOM")
}

fn join_key(id: WaitingRoomId, customer: &CustomerId) -> Item {
    let join = derive_id(&["waiting room join", &id.to_string(), customer.as_str()]);
    composite(format!("JOIN#{join}"), "JOIN")
}

fn counts(id: WaitingRoomId, part: usize) -> String {
    format!("COUNTS#{id}#{part}")
}

fn counts_key(id: WaitingRoomId, part: usize, sk: String) -> Item {
    composite(counts(id, part), sk)
}

fn minute(nth: u32) -> String {
    format!("M#{nth:06}")
}

/// The sort key of the entries of a minute, after that of its joins.
fn entries(nth: u32) -> String {
    format!("{}#E", minute(nth))
}

/// The part of the numbers in which an entry in time is counted.
fn entries_part(draw: Draw) -> usize {
    usize::try_from(draw.spread(LATER_PARTS as u64)).unwrap_or_default()
}

/// The item and the attribute that count a join.
fn counted(id: WaitingRoomId, bucket: Bucket, draw: Draw) -> (Item, String) {
    let part = draw.part(LATER_BITS);
    match bucket {
        Bucket::Early => {
            let early = format!("E#{:03}", draw.part(EARLY_BITS));
            (counts_key(id, part, early), EARLY.to_owned())
        }
        Bucket::Second(second) => {
            let (nth, second) = split(second);
            (counts_key(id, part, minute(nth)), format!("s{second:02}"))
        }
    }
}

/// Adds the numbers of an item.
fn note(numbers: &mut Numbers, item: &Item) -> Result<(), Error> {
    let damaged = || Error::internal(COUNTING, "an item has another form");
    let part = text_of(item, "pk").and_then(|pk| pk.rsplit_once('#'));
    let part: usize = part.and_then(|(_, part)| part.parse().ok()).ok_or_else(damaged)?;
    let mut key = text_of(item, "sk").unwrap_or_default().split('#');
    let is_early = key.next() == Some("E");
    let nth: u32 = key.next().and_then(|nth| nth.parse().ok()).ok_or_else(damaged)?;
    let people = |value: &AttributeValue| value.as_n().ok().and_then(|people| people.parse::<u32>().ok());
    if is_early {
        let people = item.get(EARLY).and_then(people).ok_or_else(damaged)?;
        let slot = usize::try_from(nth).ok().and_then(|nth| numbers.early.get_mut(nth));
        *slot.ok_or_else(damaged)? = people;
        return Ok(());
    }
    let minute = numbers.minute_mut(nth);
    for (name, value) in item {
        let number = name.split_at_checked(1);
        let number = number.and_then(|(kind, second)| Some((kind, second.parse::<usize>().ok()?)));
        let Some(slot) = number.and_then(|(kind, second)| slot(minute, kind, second, part)) else {
            continue;
        };
        *slot += people(value).ok_or_else(damaged)?;
    }
    Ok(())
}

/// The number of a minute that an attribute counts: its kind, and the second.
fn slot<'a>(minute: &'a mut Minute, kind: &str, second: usize, part: usize) -> Option<&'a mut u32> {
    match kind {
        "s" => minute.joined.get_mut(second)?.get_mut(part),
        "i" => minute.in_time.get_mut(second),
        "l" => minute.late.get_mut(second),
        _ => None,
    }
}
