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

/// A row, written as a list of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Members", into = "Members")]
pub struct LayoutRow {
    /// The number of seats.
    pub seats: u8,
    /// The number of the zone.
    pub zone: u8,
    /// The aisles between its seats.
    pub aisles: Aisles,
    /// How good the row is: 0 for the best ones.
    pub rank: u16,
    /// Twice the number of seats from the left end of the first seat to the middle of the row of the house.
    pub middle: i16,
    /// The places of accessible seats and of their companions, each with the place of the accessible seat.
    pub accessible: Vec<(u8, u8)>,
}

type Members = (u8, u8, Aisles, u16, i16, Vec<(u8, u8)>);

impl From<Members> for LayoutRow {
    fn from((seats, zone, aisles, rank, middle, accessible): Members) -> Self {
        Self {
            seats,
            zone,
            aisles,
            rank,
            middle,
            accessible,
        }
    }
}

impl From<LayoutRow> for Members {
    fn from(row: LayoutRow) -> Self {
        let LayoutRow {
            seats,
            zone,
            aisles,
            rank,
            middle,
            accessible,
        } = row;
        (seats, zone, aisles, rank, middle, accessible)
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
                rank: found.rank,
                middle: found.middle,
                accessible: found.accessible.iter().copied().collect(),
                taken: BTreeMap::new(),
            })
        })
    }

    /// The fewest seats of a row that the next one continues. `None` if none does.
    pub fn shortest_continued(&self) -> Option<u8> {
        let pairs = self.parts.iter().flat_map(|rows| rows.windows(2));
        let continued = pairs.filter(|pair| pair[1].aisles.continues());
        continued.map(|pair| pair[0].seats).min()
    }
}
