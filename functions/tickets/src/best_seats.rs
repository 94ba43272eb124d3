//! The best seats side by side: near the front and the middle of their row, without leaving a single seat if possible. Customers
//! who ask at the same moment get different ones: at random among equals, and among more seats after each lost race.

use jiff::Timestamp;
use shared::tickets::{SeatId, SeatRow, SeatState};

use crate::single_seats::single_seats;

/// Seats side by side: the row, and the first place.
type Block<'a> = (&'a SeatRow, u8);

/// The best `count` free seats side by side in one of `rows` at `now`, or some of the best `among` ones. `pick` draws a number below
/// another one. `None` if no row has so many.
pub fn best_seats<'a>(
    rows: impl IntoIterator<Item = &'a SeatRow>,
    count: u8,
    among: usize,
    now: Timestamp,
    pick: impl FnOnce(usize) -> usize,
) -> Option<Vec<SeatId>> {
    let mut blocks: Vec<((bool, u16, u8), Block<'a>)> = vec![];
    for row in rows {
        blocks.extend(first_places(row, count, now).map(|first| (rank(row, first, count), (row, first))));
    }
    blocks.sort_by_key(|(rank, _)| *rank);
    let best = blocks.first()?.0;
    let equal = blocks.iter().take_while(|(rank, _)| *rank == best).count();
    let (_, (row, first)) = blocks.get(pick(equal.max(among).min(blocks.len())))?;
    let seat = |place| SeatId { row: row.key, place };
    Some((*first..first + count).map(seat).collect())
}

/// The most free seats side by side in any of `rows` at `now`.
pub fn most_together<'a>(rows: impl IntoIterator<Item = &'a SeatRow>, now: Timestamp) -> u8 {
    let of_row = |row: &SeatRow| {
        (1..=row.seats)
            .rev()
            .find(|&count| first_places(row, count, now).next().is_some())
    };
    rows.into_iter().filter_map(of_row).max().unwrap_or_default()
}

/// The places at which `count` free seats side by side begin.
fn first_places(row: &SeatRow, count: u8, now: Timestamp) -> impl Iterator<Item = u8> {
    let last = row.seats.checked_sub(count);
    let is_free = move |place: u8| row.state(place, now) == SeatState::Free;
    let are_beside = move |first: u8| (first + 1..first + count).all(|place| row.is_beside(place - 1, place));
    let firsts = last.map(|last| 0..=last).into_iter().flatten();
    firsts.filter(move |&first| (first..first + count).all(is_free) && are_beside(first))
}

/// Smaller is better: whether a single seat would be left, the number of the row in its part, and the distance from the middle.
fn rank(row: &SeatRow, first: u8, count: u8) -> (bool, u16, u8) {
    let places: Vec<u8> = (first..first + count).collect();
    let leaves_single = !single_seats(row, &places).is_empty();
    // Twice the distance between the middles, to stay whole.
    let middle = (2 * first + count).abs_diff(row.seats);
    (leaves_single, row.key.row, middle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::tickets::{Aisles, RowKey, Taken};

    fn row(part: u16, row: u16, states: &str) -> SeatRow {
        let taken = (0..).zip(states.chars()).filter(|(_, state)| *state == 'x');
        SeatRow {
            key: RowKey { part, row },
            seats: u8::try_from(states.len()).unwrap(),
            zone: 0,
            aisles: Aisles::default(),
            taken: taken.map(|(place, _)| (place, Taken::Blocked)).collect(),
        }
    }

    fn best(rows: &[SeatRow], count: u8) -> Option<Vec<String>> {
        let seats = best_seats(rows, count, 1, Timestamp::UNIX_EPOCH, |_| 0)?;
        Some(seats.iter().map(SeatId::to_string).collect())
    }

    #[test]
    fn the_front_row_and_its_middle_come_first() {
        let rows = [row(0, 1, "......"), row(0, 0, "......")];
        assert_eq!(best(&rows, 2).unwrap(), ["0-0-2", "0-0-3"]);
    }

    #[test]
    fn no_single_seat_is_left_while_other_seats_are_free() {
        let rows = [row(0, 0, "x....x"), row(0, 1, "......")];
        assert_eq!(best(&rows, 1).unwrap(), ["0-0-1"]);
        let rows = [row(0, 0, "x.....x")];
        assert_eq!(best(&rows, 3).unwrap(), ["0-0-1", "0-0-2", "0-0-3"]);
    }

    #[test]
    fn seats_are_side_by_side_or_none_are_offered() {
        let rows = [row(0, 0, ".x.x.x"), row(0, 1, "x..x")];
        assert_eq!(best(&rows, 3), None);
        assert_eq!(most_together(&rows, Timestamp::UNIX_EPOCH), 2);
        assert_eq!(best(&rows, 2).unwrap(), ["0-1-1", "0-1-2"]);
        assert_eq!(best(&[], 1), None);
        let divided = [SeatRow {
            aisles: Aisles::default().with_aisle_after(1),
            ..row(0, 0, "....")
        }];
        assert_eq!(best(&divided, 3), None, "an aisle is between them");
        assert_eq!(most_together(&divided, Timestamp::UNIX_EPOCH), 2);
    }

    #[test]
    fn equal_seats_of_all_parts_are_offered_at_random_and_worse_ones_after_a_lost_race() {
        let rows: Vec<SeatRow> = (0..5).map(|part| row(part, 0, "......")).collect();
        let offered = |among, nth, expected| {
            best_seats(&rows, 2, among, Timestamp::UNIX_EPOCH, |count| {
                assert_eq!(count, expected);
                nth
            })
        };
        assert_eq!(offered(1, 3, 5).unwrap()[0].row.part, 3);
        assert_eq!(offered(8, 4, 8).unwrap()[0].row.part, 4);
        assert!(offered(100, 24, 25).is_some(), "there are no more");
    }
}
