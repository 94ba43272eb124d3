//! A row of seats of one showtime, as one item of the seats table has it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::aisles::Aisles;
use super::seat::{SeatId, SeatState};

/// The place of a row in its plan: the part, and the row in it, each from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// The part. The rows of a part are in one partition of the table.
    pub part: u16,
    /// The row.
    pub row: u16,
}

/// A row of at most [`SeatRow::MAX_SEATS`] seats: a row of the house, or a part of a longer one. `aisles` tells which of its
/// seats are side by side. Every seat that is not in `taken` is free.
///
/// All but `taken` follows from the plan and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRow {
    /// The row's place.
    pub key: RowKey,
    /// The number of seats.
    pub seats: u8,
    /// The number of the plan's zone that the row is in.
    pub zone: u8,
    /// The aisles between the seats.
    pub aisles: Aisles,
    /// How good the row is: 0 for the best ones. Rows of different sections can have the same rank.
    pub rank: u16,
    /// Twice the number of seats from the left end of the first seat to the middle of the row of the house: `seats`, unless this
    /// is a part of a longer one.
    pub middle: i16,
    /// The places of accessible seats and of their companions, each with the place of the accessible seat: its own, or that of the
    /// one whose companion sits there.
    pub accessible: BTreeMap<u8, u8>,
    /// The seats that are not free, by place. An entry whose deadline has passed is free all the same.
    pub taken: BTreeMap<u8, Taken>,
}

/// The reason why a seat is not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// An administrator blocked the seat.
    Blocked,
    /// An order has the seat.
    Order {
        /// The order.
        order_id: Uuid,
        /// The end of the hold. `None` once the seat is known to be sold.
        until: Option<Timestamp>,
    },
}

impl SeatRow {
    /// The most seats in a row. An item with more would exceed one write unit (1 KB).
    pub const MAX_SEATS: u8 = 28;
    /// The fewest seats in a row that the next one continues.
    pub const MIN_CONTINUED: u8 = 2;

    /// A row of free seats in the zone 0 without aisles, which is a row of the house and has the best rank.
    pub fn free(key: RowKey, seats: u8) -> Self {
        Self {
            key,
            seats,
            zone: 0,
            aisles: Aisles::NONE,
            rank: 0,
            middle: seats.into(),
            accessible: BTreeMap::new(),
            taken: BTreeMap::new(),
        }
    }

    /// The state of the seat at `place` at `now`. A hold ends at its deadline: at that millisecond the seat is free.
    pub fn state(&self, place: u8, now: Timestamp) -> SeatState {
        match self.taken.get(&place) {
            None => SeatState::Free,
            Some(Taken::Blocked) => SeatState::Blocked,
            Some(Taken::Order { until: None, .. }) => SeatState::Sold,
            Some(Taken::Order { until: Some(until), .. }) if *until <= now => SeatState::Free,
            Some(Taken::Order { .. }) => SeatState::Held,
        }
    }

    /// The states of all seats at `now`, by place.
    pub fn states(&self, now: Timestamp) -> impl Iterator<Item = SeatState> {
        (0..self.seats).map(move |place| self.state(place, now))
    }

    /// Whether the seats at the two places are side by side, without an aisle between them.
    pub const fn is_beside(&self, place: u8, next: u8) -> bool {
        let (left, right) = if place < next { (place, next) } else { (next, place) };
        right - left == 1 && right < self.seats && !self.aisles.is_after(left)
    }

    /// Whether the first seat is beside the last seat of the row before it, which is in the same part.
    pub const fn continues(&self) -> bool {
        self.aisles.continues()
    }

    /// Whether the row has the seat.
    pub fn has(&self, seat: SeatId) -> bool {
        seat.row == self.key && seat.place < self.seats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_ends_at_its_deadline_to_the_millisecond() {
        let until = Timestamp::from_millisecond(1_000).unwrap();
        let order_id = Uuid::from_u128(1);
        let row = SeatRow {
            taken: BTreeMap::from([
                (
                    1,
                    Taken::Order {
                        order_id,
                        until: Some(until),
                    },
                ),
                (2, Taken::Order { order_id, until: None }),
                (3, Taken::Blocked),
            ]),
            ..SeatRow::free(RowKey { part: 0, row: 0 }, 4)
        };
        let at = |ms| row.states(Timestamp::from_millisecond(ms).unwrap()).collect::<Vec<_>>();
        use SeatState::{Blocked, Free, Held, Sold};
        assert_eq!(at(999), [Free, Held, Sold, Blocked]);
        assert_eq!(at(1_000), [Free, Free, Sold, Blocked]);
    }

    #[test]
    fn two_seats_are_beside_each_other_unless_an_aisle_is_between_them() {
        let row = |aisles| SeatRow {
            aisles,
            ..SeatRow::free(RowKey { part: 0, row: 1 }, SeatRow::MAX_SEATS)
        };
        let divided = row(Aisles::default().with_aisle_after(13));
        assert!(
            divided.is_beside(12, 13) && divided.is_beside(13, 12),
            "in both directions"
        );
        assert!(!divided.is_beside(13, 14) && !divided.is_beside(14, 13), "an aisle");
        assert!(divided.is_beside(14, 15) && divided.is_beside(26, 27));
        assert!(
            !divided.is_beside(12, 14) && !divided.is_beside(12, 12),
            "not neighbours"
        );
        assert!(!divided.is_beside(27, 28) && !divided.is_beside(255, 0), "the row ends");
        assert!(!divided.continues(), "an aisle, or the end of the house, is before it");
        let second = row(Aisles::default().continuing());
        assert!(second.continues() && (0..27).all(|place| second.is_beside(place, place + 1)));
        assert_eq!(Aisles::from_bits(divided.aisles.bits()), divided.aisles);
    }
}
