//! Rows of seats as a refusal shows them, so that a client can draw them anew without another request.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::tickets::{RowKey, SeatId, SeatMap, SeatRow, SeatState};
use utoipa::ToSchema;

/// A row and the states of its seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowNow {
    /// The first number of the ids of its seats.
    pub part: u16,
    /// The second number of the ids of its seats.
    pub row: u16,
    /// Two bits a seat, in base64, as in the seat map: 0 free, 1 held, 2 sold, 3 blocked.
    pub states: String,
}

/// The rows of `seats` at `now`. Seats in `kept` are held: their orders are paid or are being paid for after the deadline of their
/// hold.
pub fn rows_now<'a>(
    seats: impl IntoIterator<Item = &'a SeatId>,
    rows: &BTreeMap<RowKey, SeatRow>,
    kept: &[SeatId],
    now: Timestamp,
) -> Vec<RowNow> {
    let keys: BTreeSet<RowKey> = seats.into_iter().map(|seat| seat.row).collect();
    let found = keys.iter().filter_map(|key| rows.get(key));
    let shown = found.map(|row| {
        let state = |place| match kept.contains(&SeatId { row: row.key, place }) {
            true => SeatState::Held,
            false => row.state(place, now),
        };
        let states: SeatMap = (0..row.seats).map(state).collect();
        RowNow {
            part: row.key.part,
            row: row.key.row,
            states: states.base64(),
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::tickets::Taken;

    #[test]
    fn a_row_is_shown_with_two_bits_a_seat_and_a_seat_that_is_paid_late_as_held() {
        let key = RowKey { part: 3, row: 7 };
        let row = SeatRow {
            taken: [(1, Taken::Blocked)].into(),
            ..SeatRow::free(key, 5)
        };
        let rows = BTreeMap::from([(key, row)]);
        let seat = |place| SeatId { row: key, place };
        let shown = rows_now(&[seat(0), seat(4)], &rows, &[seat(4)], Timestamp::UNIX_EPOCH);
        assert_eq!(shown.len(), 1, "each row once");
        assert_eq!((shown[0].part, shown[0].row), (3, 7));
        let map = SeatMap::parse(5, &shown[0].states).unwrap();
        let states: Vec<SeatState> = (0..5).filter_map(|place| map.state(place)).collect();
        use SeatState::{Blocked, Free, Held};
        assert_eq!(states, [Free, Blocked, Free, Free, Held]);
    }
}
