//! The tiles of a plan: a section's seats with their places, named after their content.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shared::core::error::{self, Rejection};
use shared::core::id::PathParameter;
use shared::tickets::{RowKey, ZoneCode};
use utoipa::ToSchema;

use super::{Point, SeatFlag};

/// The name of an object: the SHA-256 of its bytes in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
pub struct Digest(String);

impl Digest {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let mut text = String::new();
        for byte in digest {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl PathParameter for Digest {
    const NAME: &'static str = "digest";

    fn from_path(text: &str) -> Result<Self, Rejection> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_digest = text.len() == 64 && text.bytes().all(is_digit);
        let missing = || Rejection::new(&error::NOT_FOUND, "There is no such tile.");
        is_digest.then(|| Self(text.to_owned())).ok_or_else(missing)
    }
}

/// The seats of a section with their places. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SectionTile {
    /// The section's code.
    pub section: ZoneCode,
    /// The name that customers see.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The rows. A row of more than 28 seats is several rows here. The places of the seats tell which of them are side by side.
    pub rows: Vec<TileRow>,
}

impl SectionTile {
    /// The number of seats.
    pub fn seats(&self) -> u32 {
        let seats: usize = self.rows.iter().map(|row| row.seats.len()).sum();
        u32::try_from(seats).unwrap_or(u32::MAX)
    }
}

/// A row of seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TileRow {
    /// The row's label.
    #[schema(min_length = 1, max_length = 8)]
    pub row: String,
    /// The row's zone.
    pub zone: ZoneCode,
    /// The first number of the ids of its seats: a seat's id is `part-number-place`, with its place in `seats`, from 0.
    pub part: u16,
    /// The second number of the ids of its seats.
    pub number: u16,
    /// The place of its first seat in the seat map, from 0.
    #[schema(maximum = 100_000)]
    pub first: u32,
    /// The seats.
    #[schema(min_items = 1, max_items = 28)]
    pub seats: Vec<TileSeat>,
}

impl TileRow {
    /// The row at `key`, whose first seat has the place `first` in the seat map.
    pub fn new(row: String, zone: ZoneCode, key: RowKey, first: usize, seats: Vec<TileSeat>) -> Self {
        Self {
            row,
            zone,
            part: key.part,
            number: key.row,
            first: u32::try_from(first).unwrap_or(u32::MAX),
            seats,
        }
    }
}

/// A seat with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TileSeat {
    /// The seat's number.
    #[schema(maximum = 9_999)]
    pub number: u16,
    /// The seat's place in the plan.
    pub at: Point,
    /// The properties of the seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    pub flags: Vec<SeatFlag>,
    /// The number of the accessible seat of the row whose companions sit here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 9_999)]
    pub companion_of: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let digest = Digest::of(b"");
        assert!(digest.to_string().starts_with("e3b0c44298fc1c14"));
        assert_eq!(Digest::from_path(&digest.to_string()).unwrap(), digest);
        for bad in ["", "e3", &"E".repeat(64), &"g".repeat(64), &"../".repeat(22)[..64]] {
            assert_eq!(Digest::from_path(bad).unwrap_err().reason, &error::NOT_FOUND, "{bad}");
        }
    }
}
