//! Single seats: a choice that leaves one free seat between taken ones leaves a seat that hardly anybody buys.

use jiff::Timestamp;
use shared::tickets::{SeatRow, SeatState};

/// The places of seats in a row that would be left single if the free seats at `chosen` were taken. A choice of all but one of
/// the free seats side by side cannot avoid that, and leaves none.
pub fn single_seats(row: &SeatRow, chosen: &[u8], now: Timestamp) -> Vec<u8> {
    let is_free = |place: u8| row.state(place, now) == SeatState::Free;
    let mut single = vec![];
    let mut first = 0;
    while first < row.seats {
        if !is_free(first) {
            first += 1;
            continue;
        }
        let end = (first..row.seats).find(|&place| !is_free(place)).unwrap_or(row.seats);
        single.extend(single_in(first..end, chosen));
        first = end;
    }
    single
}

/// The single seats that a choice leaves of seats that are free side by side.
fn single_in(free: std::ops::Range<u8>, chosen: &[u8]) -> Vec<u8> {
    let is_left = |place: u8| free.contains(&place) && !chosen.contains(&place);
    let left: Vec<u8> = free.clone().filter(|&place| is_left(place)).collect();
    if left.len() == free.len() || left.len() == 1 {
        return vec![];
    }
    let is_single = |place: &u8| !place.checked_sub(1).is_some_and(is_left) && !is_left(place + 1);
    left.into_iter().filter(is_single).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::tickets::{RowKey, Taken};

    fn left(states: &str, chosen: &[u8]) -> Vec<u8> {
        let taken = (0..).zip(states.chars()).filter(|(_, state)| *state == 'x');
        let row = SeatRow {
            key: RowKey { part: 0, row: 0 },
            seats: u8::try_from(states.len()).unwrap(),
            zone: 0,
            taken: taken.map(|(place, _)| (place, Taken::Blocked)).collect(),
        };
        single_seats(&row, chosen, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_seat_between_a_choice_and_taken_seats_or_the_end_of_the_row_is_single() {
        assert_eq!(left("......", &[1, 2]), [0]);
        assert_eq!(left("......", &[3, 4]), [5]);
        assert_eq!(left("x.....", &[2]), [1]);
        assert_eq!(left("......", &[0, 2]), [1]);
        assert!(left("......", &[0, 1]).is_empty());
        assert!(left("......", &[2, 3]).is_empty());
    }

    #[test]
    fn a_seat_that_is_single_whatever_one_chooses_is_no_reason_to_refuse() {
        assert!(left("x...x", &[1, 2]).is_empty(), "two of three");
        assert!(left("x...x", &[2, 3]).is_empty());
        assert!(left("x..x", &[1]).is_empty());
        assert!(left("x.x..", &[3]).is_empty(), "another seat was single before");
    }
}
