//! Seats: their ids and states.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::row::RowKey;

/// A seat of a seating plan, or a place of an area of general admission: its part, its row in that part and its place in that row, each from 0. A plan never changes,
/// so the id names the same seat forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeatId {
    /// The row.
    pub row: RowKey,
    /// The place in the row, from 0.
    pub place: u8,
}

// Not derived: the derive macro describes a struct with two members as an object.
impl PartialSchema for SeatId {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.description(Some("A seat of a seating plan, whose id is in the tile of its section, or a place of an area of general admission."))
            .pattern(Some("^[0-9]{1,5}-[0-9]{1,5}-[0-9]{1,2}$"))
            .examples(["3-12-7"])
            .build()
            .into()
    }
}

impl ToSchema for SeatId {}

/// The text is not a [`SeatId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a seat's id has three numbers, such as 3-12-7")]
pub struct InvalidSeatId;

impl fmt::Display for SeatId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}-{}-{}", self.row.part, self.row.row, self.place)
    }
}

impl FromStr for SeatId {
    type Err = InvalidSeatId;

    fn from_str(text: &str) -> Result<Self, InvalidSeatId> {
        let mut numbers = text.split('-');
        let mut next = || numbers.next().and_then(|number| number.parse::<u16>().ok());
        let (part, row, place) = (next(), next(), next());
        let id = Self {
            row: RowKey {
                part: part.ok_or(InvalidSeatId)?,
                row: row.ok_or(InvalidSeatId)?,
            },
            place: place.and_then(|place| place.try_into().ok()).ok_or(InvalidSeatId)?,
        };
        // One text a seat: no `03` or `+3`.
        (id.to_string() == text).then_some(id).ok_or(InvalidSeatId)
    }
}

impl TryFrom<String> for SeatId {
    type Error = InvalidSeatId;

    fn try_from(text: String) -> Result<Self, InvalidSeatId> {
        text.parse()
    }
}

impl From<SeatId> for String {
    fn from(id: SeatId) -> Self {
        id.to_string()
    }
}

/// The state of a seat at a moment. Its number is that of the seat map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SeatState {
    /// Anybody may take the seat.
    Free = 0,
    /// An order holds the seat until its deadline.
    Held = 1,
    /// The seat is sold, or is being paid for.
    Sold = 2,
    /// An administrator blocked the seat.
    Blocked = 3,
}

impl SeatState {
    /// All states, by their numbers.
    pub const ALL: [Self; 4] = [Self::Free, Self::Held, Self::Sold, Self::Blocked];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_id_has_one_text() {
        let id: SeatId = "3-12-7".parse().unwrap();
        assert_eq!((id.row.part, id.row.row, id.place), (3, 12, 7));
        assert_eq!(id.to_string(), "3-12-7");
        for bad in [
            "",
            "3",
            "3-12",
            "3-12-7-1",
            "03-12-7",
            "+3-12-7",
            "3-12-256",
            "65536-1-1",
            "a-b-c",
            "3-12-",
            " 3-12-7",
        ] {
            assert_eq!(bad.parse::<SeatId>(), Err(InvalidSeatId), "{bad}");
        }
    }
}
