//! Rows of the seats table whose seats are side by side across their ends: a run of more than 28 seats is several of them. Which
//! seats are together, and which would be left single, is judged on the whole run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shared::tickets::{RowKey, SeatId, SeatRow, SeatState};

/// How far from the end of its row a seat can be and still leave a single one in the next row, or at the end of its own.
const REACH: u8 = 2;

/// Rows that continue each other, as one. Seats have their positions in it, from 0. Most have one row.
#[derive(Clone, Debug)]
pub struct JoinedRow<'a> {
    /// The row and the place of each seat.
    seats: Vec<(&'a SeatRow, u8)>,
}

impl<'a> JoinedRow<'a> {
    /// Joins those of `rows`, in the order of their keys, that continue the one before them.
    pub fn join(rows: impl IntoIterator<Item = &'a SeatRow>) -> Vec<Self> {
        let mut joined: Vec<Self> = vec![];
        for row in rows {
            let seats = (0..row.seats).map(|place| (row, place));
            match joined.last_mut() {
                Some(last) if last.is_continued_by(row) => last.seats.extend(seats),
                _ => joined.push(Self { seats: seats.collect() }),
            }
        }
        joined
    }

    fn is_continued_by(&self, row: &SeatRow) -> bool {
        let last = self.seats.last().map(|(last, _)| last.key);
        let follows = |last: RowKey| last.part == row.key.part && last.row.checked_add(1) == Some(row.key.row);
        row.continues() && last.is_some_and(follows)
    }

    /// The number of seats.
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether there are no seats.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// The seat at a position that there is: its row, and its place in it.
    pub fn at(&self, position: usize) -> (&'a SeatRow, u8) {
        self.seats[position]
    }

    /// The id of the seat at a position that there is.
    pub fn seat(&self, position: usize) -> SeatId {
        let (row, place) = self.at(position);
        SeatId { row: row.key, place }
    }

    /// The positions of those of `seats` that are here.
    pub fn positions(&self, seats: &[SeatId]) -> Vec<usize> {
        let is_wanted = |&position: &usize| seats.contains(&self.seat(position));
        (0..self.len()).filter(is_wanted).collect()
    }

    /// Whether nobody has the seat. A seat whose hold has ended still has its order, which may be paid.
    pub fn is_open(&self, position: usize) -> bool {
        let seat = self.seats.get(position);
        seat.is_some_and(|(row, place)| !row.taken.contains_key(place))
    }

    /// Whether the seat is free at `now`.
    pub fn is_free(&self, position: usize, now: Timestamp) -> bool {
        let seat = self.seats.get(position);
        seat.is_some_and(|(row, place)| row.state(*place, now) == SeatState::Free)
    }

    /// Whether the seat can still be sold: it is free, or held by an order that may not pay it.
    pub fn is_unsold(&self, position: usize, now: Timestamp) -> bool {
        let seat = self.seats.get(position);
        seat.is_some_and(|(row, place)| matches!(row.state(*place, now), SeatState::Free | SeatState::Held))
    }

    /// The position of the seat on the right of this one, or on its left, unless an aisle or the end of the row is between them.
    pub fn beside(&self, position: usize, on_right: bool) -> Option<usize> {
        let next = match on_right {
            true => position.checked_add(1)?,
            false => position.checked_sub(1)?,
        };
        let ((row, place), (next_row, next_place)) = (self.seats.get(position)?, self.seats.get(next)?);
        let are_beside = row.key != next_row.key || row.is_beside(*place, *next_place);
        are_beside.then_some(next)
    }

    /// The position of the accessible seat that a seat belongs to: its own, or that of the one whose companion sits here.
    pub fn accessible_seat(&self, position: usize) -> Option<usize> {
        let (row, place) = self.seats.get(position)?;
        let of = row.accessible.get(place)?;
        Some(position - usize::from(*place) + usize::from(*of))
    }
}

/// The rows to read before a choice can be judged: those of the `chosen` seats, and those beside them that may continue them.
/// `shortest` is the fewest seats of a row of the showtime that the next one continues, or `None` if none does.
pub fn rows_to_judge(chosen: &[SeatId], shortest: Option<u8>) -> BTreeSet<RowKey> {
    let mut rows: BTreeSet<RowKey> = chosen.iter().map(|seat| seat.row).collect();
    let Some(shortest) = shortest else { return rows };
    for SeatId { row, place } in chosen {
        let beside = |number| RowKey { row: number, ..*row };
        if *place < REACH {
            rows.extend(row.row.checked_sub(1).map(beside));
        }
        if place.saturating_add(REACH) >= shortest {
            rows.extend(row.row.checked_add(1).map(beside));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::single_seats::single_seats_of;
    use shared::tickets::{Aisles, Taken};
    use std::collections::BTreeMap;

    fn row(number: u16, states: &str, aisles: Aisles) -> SeatRow {
        let taken = (0..).zip(states.chars()).filter(|(_, state)| *state == 'x');
        let key = RowKey { part: 0, row: number };
        SeatRow {
            aisles,
            taken: taken.map(|(place, _)| (place, Taken::Blocked)).collect(),
            ..SeatRow::free(key, u8::try_from(states.len()).unwrap())
        }
    }

    /// A run of 40 seats in two rows, of which these are taken, by their numbers from 1.
    fn run_of_40(taken: &[usize]) -> BTreeMap<RowKey, SeatRow> {
        let states: String = (1..=40)
            .map(|number| if taken.contains(&number) { 'x' } else { '.' })
            .collect();
        let (left, right) = states.split_at(20);
        let rows = [row(0, left, Aisles::NONE), row(1, right, Aisles::NONE.continuing())];
        rows.map(|row| (row.key, row)).into()
    }

    /// The seat of that run with a number from 1.
    fn seat(number: usize) -> SeatId {
        let place = u8::try_from((number - 1) % 20).unwrap();
        let row = u16::from(number > 20);
        SeatId {
            row: RowKey { part: 0, row },
            place,
        }
    }

    fn left(taken: &[usize], chosen: &[usize]) -> Vec<SeatId> {
        let chosen: Vec<SeatId> = chosen.iter().copied().map(seat).collect();
        single_seats_of(&chosen, &run_of_40(taken))
    }

    #[test]
    fn a_seat_at_the_end_of_a_row_is_not_single_beside_a_free_one_of_the_next_row() {
        assert_eq!(left(&[], &[18, 19]), []);
        assert_eq!(left(&[21], &[18, 19]), [seat(20)]);
        assert_eq!(left(&[], &[22, 23]), []);
    }

    #[test]
    fn a_choice_in_one_row_can_leave_a_single_seat_in_the_row_before_it_or_after_it() {
        assert_eq!(left(&[19], &[21, 22]), [seat(20)]);
        assert_eq!(left(&[22], &[19, 20]), [seat(21)]);
        assert_eq!(left(&[19, 23], &[21, 22]), [], "whatever two of the three one chooses");
    }

    #[test]
    fn rows_are_joined_only_where_one_continues_the_other() {
        let rows = [
            row(0, "....", Aisles::NONE),
            row(1, "...", Aisles::NONE),
            row(2, "..", Aisles::NONE.continuing()),
            row(4, ".", Aisles::NONE.continuing()),
        ];
        let lengths: Vec<usize> = JoinedRow::join(&rows).iter().map(JoinedRow::len).collect();
        assert_eq!(lengths, [4, 5, 1], "the row 3 is not there");
    }

    #[test]
    fn the_rows_beside_a_choice_are_read_only_where_they_can_matter() {
        let read = |places: &[u8], shortest| -> Vec<u16> {
            let row = RowKey { part: 0, row: 7 };
            let chosen: Vec<SeatId> = places.iter().map(|&place| SeatId { row, place }).collect();
            rows_to_judge(&chosen, shortest)
                .into_iter()
                .map(|row| row.row)
                .collect()
        };
        assert_eq!(read(&[0, 19], None), [7], "no run is in two rows");
        assert_eq!(read(&[2, 17], Some(20)), [7]);
        assert_eq!(read(&[1, 2], Some(20)), [6, 7]);
        assert_eq!(read(&[17, 18], Some(20)), [7, 8]);
        assert_eq!(read(&[0, 1], Some(SeatRow::MIN_CONTINUED)), [6, 7, 8]);
    }

    #[test]
    fn the_rows_to_judge_show_the_same_single_seats_as_all_rows() {
        let long: Vec<SeatRow> = (0..5)
            .map(|number| {
                let aisles = if number == 0 {
                    Aisles::NONE
                } else {
                    Aisles::NONE.continuing()
                };
                row(number, "...", aisles)
            })
            .collect();
        let position = |nth: usize| SeatId {
            row: RowKey {
                part: 0,
                row: u16::try_from(nth / 3).unwrap(),
            },
            place: u8::try_from(nth % 3).unwrap(),
        };
        // Each state of nine seats in the middle, and each choice of one or two that are side by side.
        for states in 0_u32..512 {
            let mut rows: BTreeMap<RowKey, SeatRow> = long.iter().map(|row| (row.key, row.clone())).collect();
            for nth in (0..9).filter(|nth| states & (1 << nth) != 0) {
                let seat = position(nth + 3);
                rows.get_mut(&seat.row)
                    .unwrap()
                    .taken
                    .insert(seat.place, Taken::Blocked);
            }
            for (first, count) in (3..12).flat_map(|first| [(first, 1), (first, 2)]) {
                let chosen: Vec<SeatId> = (first..first + count).map(position).collect();
                if chosen
                    .iter()
                    .any(|seat| rows[&seat.row].taken.contains_key(&seat.place))
                {
                    continue;
                }
                let mut read = rows.clone();
                let wanted = rows_to_judge(&chosen, Some(3));
                read.retain(|key, _| wanted.contains(key));
                assert_eq!(
                    single_seats_of(&chosen, &read),
                    single_seats_of(&chosen, &rows),
                    "{states} {chosen:?}"
                );
            }
        }
    }
}
