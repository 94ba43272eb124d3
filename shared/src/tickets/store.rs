//! The seats table: an item a row of a showtime (`SHOW#<showtime>#SEC#<part>`, `ROW#<row>`), and `REQUEST#<uuid>`.
//!
//! The attributes of a row have short names, so that a full row fits one write unit: `n` the number of seats, `z` the zone,
//! `a` the [`Aisles`] as a number (absent without any), `r` the rank (absent for 0), `m` the middle (absent if it is that of the
//! row itself), `w` the accessible seats and their companions (absent without any): two bytes each, its place and that of the
//! accessible seat.
//!
//! `h` has the seats that are not free, by place: the 16 bytes of the order's id and 6 bytes of the deadline in Unix milliseconds,
//! without the deadline once the seat is known to be sold, or `true` for a blocked one.
//!
//! A seat may be taken when `attribute_not_exists(h.#p)`, and an order has it when `begins_with(h.#p, :order)`. The deadline is for
//! readers: a seat whose hold has ended is free for them at once, and a request that takes it ends the order of that hold first.
//!
//! An allowance (`SHOW#<showtime>#CUSTOMER#<customer>`, `ALLOWANCE`) says what a customer has held of a showtime.

mod received;
mod shows;
mod sold_seats;
mod transfer;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem,
};
use futures::future::try_join_all;
use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::aisles::Aisles;
use super::id::ShowtimeId;
use super::row::{RowKey, SeatRow, Taken};
use crate::aws::Platform;
use crate::aws::dynamodb::request::StoredRequest;
use crate::aws::dynamodb::table::{Table, text_of};
use crate::aws::dynamodb::transaction::{MAX_ITEMS, put, transact_changes, update};
use crate::aws::dynamodb::{Item, Wanted, batch_get, classify_error, composite, number, send_until_answered};
use crate::core::error::Error;

pub use received::ReceivedTickets;
pub use shows::{ShowPage, ShowPosition, ShowReader};
pub use sold_seats::{END_OFFER, SoldSeatStore, SoldSeats};
use transfer::paths;
pub use transfer::{LoadedSeats, OrderSeats};

/// The number of queries or transactions that run at the same time.
const AT_ONCE: usize = 16;

/// Reads and writes the rows of showtimes.
#[derive(Clone, Debug)]
pub struct SeatStore {
    table: Table,
}

/// A change of seats by an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Blocks seats. Condition: no order has one.
    Block,
    /// Releases blocked seats. Condition: no order has one.
    Release,
    /// Blocks seats. Condition: each is free.
    BlockFree,
    /// Releases seats. Condition: each is blocked.
    ReleaseBlocked,
}

impl SeatStore {
    /// Reads the table's name from `SEATS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "SEATS_TABLE")?,
        })
    }

    /// Creates the rows of a showtime. A row that exists stays as it is, so a second run completes the first.
    ///
    /// The rows are written in transactions of 100 in their order. Each run of the same rows makes the same transactions, so
    /// a transaction whose condition fails was committed earlier.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn create(&self, showtime: ShowtimeId, rows: &[SeatRow], deadline: Instant) -> Result<(), Error> {
        let chunks: Vec<&[SeatRow]> = rows.chunks(MAX_ITEMS).collect();
        for chunks in chunks.chunks(AT_ONCE) {
            try_join_all(chunks.iter().map(|rows| self.create_chunk(showtime, rows, deadline))).await?;
        }
        Ok(())
    }

    async fn create_chunk(&self, showtime: ShowtimeId, rows: &[SeatRow], deadline: Instant) -> Result<(), Error> {
        const DOING: &str = "create seats";
        let items = rows.iter().map(|row| {
            let item = Some(item_of(showtime, row));
            let new = Put::builder().table_name(&self.table.name).set_item(item);
            put(new.condition_expression("attribute_not_exists(pk)"))
        });
        let items: Vec<TransactWriteItem> = items.collect::<Result<_, _>>()?;
        let count = items.len();
        transact_changes(&self.table.client, DOING, items, count, deadline).await?;
        Ok(())
    }

    /// Reads all rows of a showtime in the plan's order: half a unit for 4 KB, or a unit if `is_consistent`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn all(
        &self,
        showtime: ShowtimeId,
        parts: u16,
        is_consistent: bool,
        deadline: Instant,
    ) -> Result<Vec<SeatRow>, Error> {
        self.parts(showtime, 0..parts, is_consistent, deadline).await
    }

    /// Reads the rows of some parts of a showtime, in the order of `parts`: half a unit for 4 KB of a part, or a unit if
    /// `is_consistent`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn parts(
        &self,
        showtime: ShowtimeId,
        parts: impl IntoIterator<Item = u16>,
        is_consistent: bool,
        deadline: Instant,
    ) -> Result<Vec<SeatRow>, Error> {
        let mut rows = vec![];
        let numbers: Vec<u16> = parts.into_iter().collect();
        for numbers in numbers.chunks(AT_ONCE) {
            let reads = numbers
                .iter()
                .map(|&part| self.part(showtime, part, is_consistent, deadline));
            rows.extend(try_join_all(reads).await?.into_iter().flatten());
        }
        Ok(rows)
    }

    async fn part(
        &self,
        showtime: ShowtimeId,
        part: u16,
        is_consistent: bool,
        deadline: Instant,
    ) -> Result<Vec<SeatRow>, Error> {
        const DOING: &str = "read the seats of a showtime";
        let (mut rows, mut start) = (vec![], None);
        loop {
            let query = self.table.client.query().table_name(&self.table.name);
            let query = query
                .consistent_read(is_consistent)
                .key_condition_expression("pk = :part")
                .expression_attribute_values(":part", AttributeValue::S(partition(showtime, part)))
                .set_exclusive_start_key(start);
            let send = || async { query.clone().send().await.map_err(|error| classify_error(DOING, error)) };
            let answer = send_until_answered(DOING, deadline, send).await?;
            for item in answer.items.unwrap_or_default() {
                rows.push(row_of(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Reads these rows consistently. Those that do not exist are not among the found ones.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn rows(
        &self,
        showtime: ShowtimeId,
        keys: impl IntoIterator<Item = RowKey>,
        deadline: Instant,
    ) -> Result<BTreeMap<RowKey, SeatRow>, Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: keys.into_iter().map(|row| key(showtime, row)).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read rows of seats", vec![wanted], deadline).await?;
        let rows = found.into_values().flatten().map(row_of);
        rows.map(|row| row.map(|row| (row.key, row))).collect()
    }

    /// An earlier attempt of a request that changes seats, if it took effect.
    ///
    /// # Errors
    /// `idempotency-key-reused`, [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn earlier(&self, request: &StoredRequest, deadline: Instant) -> Result<Option<StoredRequest>, Error> {
        request.earlier(&self.table, request_key(request), deadline).await
    }

    /// Changes seats of a showtime and records the request, in one transaction. Returns false when the condition of a
    /// row failed, or the request took effect before: read both again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn change(
        &self,
        showtime: ShowtimeId,
        change: Change,
        seats: &BTreeMap<RowKey, Vec<u8>>,
        request: &StoredRequest,
        deadline: Instant,
    ) -> Result<bool, Error> {
        const DOING: &str = "block or release seats";
        let mut items = vec![request.put(&self.table, request_key(request))?];
        for (row, places) in seats {
            items.push(self.change_of(showtime, change, *row, places)?);
        }
        let count = items.len();
        transact_changes(&self.table.client, DOING, items, count, deadline).await
    }

    /// The change of one row. All its seats are in one update: a transaction may not name an item twice.
    fn change_of(
        &self,
        showtime: ShowtimeId,
        change: Change,
        row: RowKey,
        places: &[u8],
    ) -> Result<TransactWriteItem, Error> {
        let paths = paths(places);
        let is_open = |path: &String| match change {
            Change::Block | Change::Release => {
                format!("(attribute_not_exists({path}) OR {path} = :blocked)")
            }
            Change::BlockFree => format!("attribute_not_exists({path})"),
            Change::ReleaseBlocked => format!("{path} = :blocked"),
        };
        let condition: Vec<String> = paths.iter().map(is_open).collect();
        let sets: Vec<String> = paths.iter().map(|path| format!("{path} = :blocked")).collect();
        let mut write = self
            .row_update(showtime, row, places)
            .condition_expression(format!("attribute_exists(pk) AND {}", condition.join(" AND ")))
            .expression_attribute_values(":blocked", blocked())
            .return_values_on_condition_check_failure(OnFailure::None);
        write = match change {
            Change::Block | Change::BlockFree => write.update_expression(format!("SET {}", sets.join(", "))),
            Change::Release | Change::ReleaseBlocked => write.update_expression(format!("REMOVE {}", paths.join(", "))),
        };
        update(write)
    }
}

fn partition(showtime: ShowtimeId, part: u16) -> String {
    format!("SHOW#{showtime}#SEC#{part}")
}

fn key(showtime: ShowtimeId, row: RowKey) -> Item {
    // Padded, so that the rows of a part sort by their numbers.
    composite(partition(showtime, row.part), format!("ROW#{:03}", row.row))
}

fn request_key(request: &StoredRequest) -> Item {
    composite(format!("REQUEST#{}", request.request_id), "REQUEST")
}

fn blocked() -> AttributeValue {
    AttributeValue::Bool(true)
}

fn item_of(showtime: ShowtimeId, row: &SeatRow) -> Item {
    let taken = row
        .taken
        .iter()
        .map(|(place, taken)| (place.to_string(), taken_value(taken)));
    let mut item = key(showtime, row.key);
    item.insert("n".into(), number(row.seats));
    item.insert("z".into(), number(row.zone));
    if row.aisles != Aisles::NONE {
        item.insert("a".into(), number(row.aisles.bits()));
    }
    if row.rank != 0 {
        item.insert("r".into(), number(row.rank));
    }
    if row.middle != i16::from(row.seats) {
        item.insert("m".into(), number(row.middle));
    }
    if !row.accessible.is_empty() {
        let places = row.accessible.iter().flat_map(|(&place, &of)| [place, of]);
        item.insert("w".into(), AttributeValue::B(Blob::new(places.collect::<Vec<u8>>())));
    }
    item.insert("h".into(), AttributeValue::M(taken.collect()));
    item
}

fn taken_value(taken: &Taken) -> AttributeValue {
    match taken {
        Taken::Blocked => blocked(),
        Taken::Order { order_id, until } => {
            let mut bytes = order_id.as_bytes().to_vec();
            if let Some(until) = until {
                let [_, _, milliseconds @ ..] = until.as_millisecond().max(0).to_be_bytes();
                bytes.extend(milliseconds);
            }
            AttributeValue::B(Blob::new(bytes))
        }
    }
}

fn row_of(item: Item) -> Result<SeatRow, Error> {
    let small = |name: &str| {
        item.get(name)
            .and_then(number_in)
            .and_then(|number| u8::try_from(number).ok())
    };
    let read = || {
        let part = text_of(&item, "pk")?.rsplit_once('#')?.1.parse().ok()?;
        let row = text_of(&item, "sk")?.strip_prefix("ROW#")?.parse().ok()?;
        let taken = item.get("h")?.as_m().ok()?.iter();
        let taken = taken.map(|(place, seat)| Some((place.parse().ok()?, taken_of(seat)?)));
        let seats = small("n")?;
        Some(SeatRow {
            key: RowKey { part, row },
            seats,
            zone: small("z")?,
            aisles: match item.get("a") {
                None => Aisles::NONE,
                Some(bits) => Aisles::from_bits(number_in(bits)?.try_into().ok()?),
            },
            rank: match item.get("r") {
                None => 0,
                Some(rank) => number_in(rank)?.try_into().ok()?,
            },
            middle: match item.get("m") {
                None => seats.into(),
                Some(middle) => number_in(middle)?.try_into().ok()?,
            },
            accessible: match item.get("w") {
                None => BTreeMap::new(),
                Some(places) => accessible_of(places.as_b().ok()?.as_ref())?,
            },
            taken: taken.collect::<Option<_>>()?,
        })
    };
    let damaged = || {
        format!(
            "{:?} {:?} is not a row of seats",
            text_of(&item, "pk"),
            text_of(&item, "sk")
        )
    };
    read().ok_or_else(|| Error::internal("read a row of seats", damaged()))
}

fn accessible_of(bytes: &[u8]) -> Option<BTreeMap<u8, u8>> {
    let (places, rest) = bytes.as_chunks();
    let places = places.iter().map(|&[place, of]| (place, of));
    rest.is_empty().then(|| places.collect())
}

fn taken_of(seat: &AttributeValue) -> Option<Taken> {
    if *seat == blocked() {
        return Some(Taken::Blocked);
    }
    let (order, until) = seat.as_b().ok()?.as_ref().split_first_chunk()?;
    let until = match *until {
        [] => None,
        [a, b, c, d, e, f] => {
            let milliseconds = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
            Some(Timestamp::from_millisecond(milliseconds).ok()?)
        }
        _ => return None,
    };
    let order_id = Uuid::from_bytes(*order);
    Some(Taken::Order { order_id, until })
}

fn number_in(value: &AttributeValue) -> Option<i64> {
    value.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(taken: impl Fn(u8) -> Taken) -> SeatRow {
        SeatRow {
            key: RowKey { part: 199, row: 599 },
            seats: SeatRow::MAX_SEATS,
            zone: 63,
            aisles: Aisles::ALL,
            rank: u16::MAX,
            middle: -8_000,
            accessible: (0..SeatRow::MAX_SEATS).map(|place| (place, place / 4 * 4)).collect(),
            taken: (0..SeatRow::MAX_SEATS).map(|place| (place, taken(place))).collect(),
        }
    }

    /// The size of a value as DynamoDB counts it: 3 bytes and one an entry for a map, two digits a byte for a number.
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            // A sign takes one byte more.
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 1 + usize::from(digits.starts_with('-')),
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::Bool(_) => 1,
            AttributeValue::M(entries) => {
                3 + entries
                    .iter()
                    .map(|(name, value)| 1 + name.len() + size(value))
                    .sum::<usize>()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_whose_seats_are_all_held_fits_one_write_unit() {
        let until = Timestamp::from_millisecond(1_767_225_600_000).ok();
        let held = row(|place| Taken::Order {
            order_id: Uuid::from_u128(place.into()),
            until,
        });
        let item = item_of(ShowtimeId(Uuid::from_u128(7)), &held);
        let bytes: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        assert!(bytes <= 1024, "{bytes}");
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let order_id = Uuid::from_u128(5);
        let until = Timestamp::from_millisecond(1_767_225_600_001).ok();
        let rows = row(|place| match place % 3 {
            0 => Taken::Blocked,
            1 => Taken::Order { order_id, until },
            _ => Taken::Order { order_id, until: None },
        });
        let item = item_of(ShowtimeId(Uuid::from_u128(7)), &rows);
        assert_eq!(row_of(item).unwrap(), rows);
        let plain = SeatRow::free(RowKey { part: 0, row: 7 }, 12);
        let item = item_of(ShowtimeId(Uuid::from_u128(7)), &plain);
        assert_eq!(item.len(), 5, "what a plain row needs: {item:?}");
        assert_eq!(row_of(item).unwrap(), plain);
    }
}
