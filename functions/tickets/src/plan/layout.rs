//! The rows of a plan in their order, without names and places: what a showtime needs to get its seats.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::tickets::{Aisles, RowKey, SeatRow};

/// All rows of a plan, by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The rows of each part.
    pub parts: Vec<Vec<LayoutRow>>,
}

/// A row, written as three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u8, u8, Aisles)", into = "(u8, u8, Aisles)")]
pub struct LayoutRow {
    /// The number of seats.
    pub seats: u8,
    /// The number of the zone.
    pub zone: u8,
    /// The aisles between its seats.
    pub aisles: Aisles,
}

impl From<(u8, u8, Aisles)> for LayoutRow {
    fn from((seats, zone, aisles): (u8, u8, Aisles)) -> Self {
        Self { seats, zone, aisles }
    }
}

impl From<LayoutRow> for (u8, u8, Aisles) {
    fn from(row: LayoutRow) -> Self {
        (row.seats, row.zone, row.aisles)
    }
}

impl Layout {
    /// The rows of a new showtime, all seats free.
    pub fn rows(&self) -> impl Iterator<Item = SeatRow> {
        let parts = (0..).zip(&self.parts);
        parts.flat_map(|(part, rows)| {
            (0..).zip(rows).map(move |(row, found)| SeatRow {
                key: RowKey { part, row },
                seats: found.seats,
                zone: found.zone,
                aisles: found.aisles,
                taken: BTreeMap::new(),
            })
        })
    }
}
