//! A row of seats of one showtime, as one item of the seats table has it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::seat::{SeatId, SeatState};

/// The place of a row in its plan: the part, and the row in it, each from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// The part. The rows of a part are in one partition of the table.
    pub part: u16,
    /// The row.
    pub row: u16,
}

/// A row of at most [`SeatRow::MAX_SEATS`] seats side by side. Every seat that is not in `taken` is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRow {
    /// The row's place.
    pub key: RowKey,
    /// The number of seats.
    pub seats: u8,
    /// The number of the plan's zone that the row is in.
    pub zone: u8,
    /// The seats that are not free, by place. An entry whose deadline has passed is free all the same.
    pub taken: BTreeMap<u8, Taken>,
}

/// Who has a seat.
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
            key: RowKey { part: 0, row: 0 },
            seats: 4,
            zone: 0,
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
        };
        let at = |ms| row.states(Timestamp::from_millisecond(ms).unwrap()).collect::<Vec<_>>();
        use SeatState::{Blocked, Free, Held, Sold};
        assert_eq!(at(999), [Free, Held, Sold, Blocked]);
        assert_eq!(at(1_000), [Free, Free, Sold, Blocked]);
    }
}
