//! The shows table: venues, plans, performers, performances, showtimes and reviews, an item each, and the index `listed` with the place
//! of each in its list.

pub mod reviews;

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::due::uuid_in;
use shared::aws::dynamodb::listed::{self, LAST_PLACE, Listed};
use shared::aws::dynamodb::table::{Table, text_of};
use shared::aws::dynamodb::transaction::{Writes, put, transact_changes};
use shared::aws::dynamodb::{Item, Wanted, batch_get, key, number, parse, text};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::page::Cursor;
use shared::core::actor::Actor;
use shared::core::error::{self, Rejection};
use shared::core::event::Record;
use shared::core::idempotency::Fingerprint;
use shared::tickets::{PerformanceId, Showtime, ShowtimeId};
use tokio::time::Instant;
use uuid::Uuid;

use crate::admission::ticket::Ticket;
use crate::event::TicketEvent;
use crate::performance::Performance;

/// An entity of the table.
pub trait Entity: Clone + PartialEq + Serialize + DeserializeOwned {
    /// The prefix of its key, such as `VENUE#`.
    const PREFIX: &'static str;
    /// The sentence that clients read when there is none with an id.
    const MISSING: &'static str;

    /// The entity's id.
    fn id(&self) -> Uuid;

    /// The list that it is in, and its place there.
    fn place(&self) -> (String, Timestamp);

    /// The event of a change of it from `previous`, if the change has one.
    fn event_of_change(&self, _previous: &Self) -> Option<TicketEvent> {
        None
    }
}

/// The stored form of an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored<E> {
    /// The entity.
    #[serde(flatten)]
    pub entity: E,
    /// The fingerprint of the request that created it, which identifies a retry.
    pub fingerprint: Fingerprint,
    /// The number of writes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The author of this version.
    pub updated_by: Actor,
    /// The event of this version, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl<E: Entity> Stored<E> {
    /// The first version of a new entity.
    pub const fn new(entity: E, fingerprint: Fingerprint, by: Actor) -> Self {
        Self {
            entity,
            fingerprint,
            version: 1,
            updated_by: by,
            event: None,
        }
    }

    /// The next version, with the event of the change.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn next(&self, entity: E, invocation: &Invocation) -> Result<Self, Error> {
        let event = entity.event_of_change(&self.entity);
        Ok(Self {
            event: event.map(|event| invocation.record(&event)).transpose()?,
            entity,
            fingerprint: self.fingerprint.clone(),
            version: self.version + 1,
            updated_by: invocation.actor()?.clone(),
        })
    }
}

/// The present starts of showtimes.
pub type Starts = HashMap<ShowtimeId, Timestamp>;

/// A part of a list.
#[derive(Clone, Debug)]
pub struct List {
    /// The list's name.
    pub name: String,
    /// The earliest place, in Unix milliseconds.
    pub from: u64,
    /// Whether the latest place is first.
    pub is_newest_first: bool,
}

impl List {
    /// A whole list, the newest first.
    pub fn newest(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            from: 0,
            is_newest_first: true,
        }
    }
}

/// Reads and writes the table.
#[derive(Clone, Debug)]
pub struct ShowStore {
    table: Table,
}

impl ShowStore {
    /// Reads the table's name from `SHOWS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "SHOWS_TABLE")?,
        })
    }

    /// The client of the table.
    pub const fn client(&self) -> &Client {
        &self.table.client
    }

    /// The items to read of a showtime and its performance, if that is known, in one request with other items.
    pub fn wanted(&self, showtime: ShowtimeId, performance: Option<PerformanceId>, consistent: bool) -> Wanted<'_> {
        let performance = performance.map(|id| key(key_of::<Performance>(id.0)));
        Wanted {
            table: &self.table.name,
            keys: [key(key_of::<Showtime>(showtime.0))]
                .into_iter()
                .chain(performance)
                .collect(),
            consistent,
        }
    }

    /// Reads the found ones of the [wanted](ShowStore::wanted) items.
    ///
    /// # Errors
    /// [`Error::Internal`] for a damaged item.
    pub fn loaded(
        &self,
        found: &mut HashMap<String, Vec<Item>>,
    ) -> Result<(Option<Showtime>, Option<Performance>), Error> {
        const DOING: &str = "read a show";
        let (mut showtime, mut performance) = (None, None);
        for item in found.remove(&self.table.name).unwrap_or_default() {
            if text_of(&item, "pk").is_some_and(|pk| pk.starts_with(Showtime::PREFIX)) {
                showtime = Some(parse::<Stored<Showtime>>(DOING, item)?.entity);
            } else {
                performance = Some(parse::<Stored<Performance>>(DOING, item)?.entity);
            }
        }
        Ok((showtime, performance))
    }

    /// Reads an entity, if there is one. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn find<E: Entity>(&self, id: Uuid, deadline: Instant) -> Result<Option<Stored<E>>, Error> {
        self.table.read("read a show", key(key_of::<E>(id)), deadline).await
    }

    /// Reads an entity. Strongly consistent.
    ///
    /// # Errors
    /// `not-found`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get<E: Entity>(&self, id: Uuid, deadline: Instant) -> Result<Stored<E>, Error> {
        let found = self.find(id, deadline).await?;
        Ok(found.ok_or_else(|| Rejection::new(&error::NOT_FOUND, E::MISSING))?)
    }

    /// Those of `ids`, each named once, of which there is an entity. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn existing<E: Entity>(&self, ids: &[Uuid], deadline: Instant) -> Result<BTreeSet<Uuid>, Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().map(|&id| key(key_of::<E>(id))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read shows", vec![wanted], deadline).await?;
        let keys = found.values().flatten().filter_map(|item| text_of(item, "pk"));
        keys.map(|key| uuid_in(key, E::PREFIX)).collect()
    }

    /// The starts of the showtimes of tickets. Eventually consistent: a showtime that was moved a moment ago may
    /// still have its former start.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn starts(&self, tickets: impl IntoIterator<Item = &Ticket>, deadline: Instant) -> Result<Starts, Error> {
        const DOING: &str = "read the starts of showtimes";
        let showtimes: BTreeSet<ShowtimeId> = tickets.into_iter().map(|ticket| ticket.showtime_id).collect();
        let wanted = Wanted {
            table: &self.table.name,
            keys: showtimes.iter().map(|id| key(key_of::<Showtime>(id.0))).collect(),
            consistent: false,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let showtimes = found.into_values().flatten();
        let starts = showtimes.map(|item| {
            let showtime = parse::<Stored<Showtime>>(DOING, item)?.entity;
            Ok((showtime.showtime_id, showtime.starts_at))
        });
        starts.collect()
    }

    /// Writes the next version of an entity, or a new one. Returns the stored entity instead when it has another version.
    ///
    /// The write succeeds too when an earlier attempt, whose response was lost, has written this version.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save<E: Entity>(
        &self,
        stored: &Stored<E>,
        deadline: Instant,
    ) -> Result<Result<(), Box<Stored<E>>>, Error> {
        const DOING: &str = "save a show";
        let item = self.item_of(DOING, stored)?;
        let written = self.table.write_version(DOING, item, stored.version, deadline).await?;
        let Err(found) = written else { return Ok(Ok(())) };
        let found = found.ok_or_else(|| Error::internal(DOING, "an item has disappeared"))?;
        let found: Stored<E> = parse(DOING, found)?;
        Ok(if found == *stored { Ok(()) } else { Err(Box::new(found)) })
    }

    /// Writes the next version of an entity together with `further` writes. Returns false when the entity has changed since it was
    /// read, possibly by an earlier attempt of the same request, or a further condition failed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_with<E: Entity>(
        &self,
        stored: &Stored<E>,
        Writes(further): Writes,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "save a show";
        let item = self.item_of(DOING, stored)?;
        let mut items = vec![put(self.table.put_if_version(item, stored.version))?];
        items.extend(further);
        let records = items.len();
        transact_changes(&self.table.client, DOING, items, records, deadline).await
    }

    /// The item of an entity, with its place in its list.
    fn item_of<E: Entity>(&self, doing: &'static str, stored: &Stored<E>) -> Result<Item, Error> {
        let entity = &stored.entity;
        let mut item = self.table.item(doing, key(key_of::<E>(entity.id())), stored)?;
        let (list, at) = entity.place();
        item.insert("listed_in".into(), text(list));
        item.insert("listed_ms".into(), number(at.as_millisecond().max(0)));
        Ok(item)
    }

    /// Reads the page of a list after `after`. Eventually consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn list<E: Entity>(
        &self,
        list: &List,
        after: Option<Cursor<1>>,
        limit: u8,
        deadline: Instant,
    ) -> Result<Listed<E>, Error> {
        let list = listed::List {
            places: list.from..=LAST_PLACE,
            is_newest_first: list.is_newest_first,
            ..listed::List::newest(&list.name, E::PREFIX)
        };
        self.table.list("list shows", &list, after, limit, deadline).await
    }
}

fn key_of<E: Entity>(id: Uuid) -> String {
    format!("{}{id}", E::PREFIX)
}

/// The place of an entity in its list.
pub fn cursor<E: Entity>(entity: &E) -> Cursor<1> {
    Cursor {
        at: [entity.place().1.as_millisecond().unsigned_abs()],
        id: entity.id(),
    }
}
