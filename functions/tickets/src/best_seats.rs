//! The best seats side by side: near the front and the middle of their row, without leaving a single seat if possible. Customers
//! who ask at the same moment get different ones: at random among equals, and among more seats after each lost race.
//!
//! Accessible seats and those of their companions are for those who ask for them. Others get them once all other seats are sold or
//! blocked, as US law lets a venue release them (28 CFR 36.302(f)(5)). A seat that is only held may become free again.

use std::ops::Range;

use jiff::Timestamp;
use shared::tickets::{SeatId, SeatRow};

use crate::joined_row::JoinedRow;
use crate::single_seats::single_seats;

/// The seats that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// How many, side by side.
    pub count: u8,
    /// Whether accessible ones, or their companions with them.
    pub accessible: bool,
    /// When they are free.
    pub now: Timestamp,
}

/// The best free seats in `rows`, or some of the best `among` choices. `pick` draws a number below another one. `None` if there
/// are not so many side by side.
pub fn best_seats<'a>(
    rows: impl IntoIterator<Item = &'a SeatRow>,
    search: Search,
    among: usize,
    pick: impl FnOnce(usize) -> usize,
) -> Option<Vec<SeatId>> {
    let rows = JoinedRow::join(rows);
    let offer = Offer::of(&rows, search);
    let blocks = rows.iter().flat_map(|row| {
        let blocks = offer.blocks(row, search.count, search.now);
        blocks.map(move |block| (rank(row, &block), row, block))
    });
    let mut blocks: Vec<(Rank, &JoinedRow<'_>, Range<usize>)> = blocks.collect();
    blocks.sort_by_key(|(rank, ..)| *rank);
    let best = blocks.first()?.0;
    let equal = blocks.iter().take_while(|(rank, ..)| *rank == best).count();
    let (_, row, block) = blocks.get(pick(equal.max(among).min(blocks.len())))?;
    Some(block.clone().map(|position| row.seat(position)).collect())
}

/// The most seats in `rows` that are free side by side, where there are fewer than are looked for.
pub fn most_together<'a>(rows: impl IntoIterator<Item = &'a SeatRow>, search: Search) -> u8 {
    let rows = JoinedRow::join(rows);
    let offer = Offer::of(&rows, search);
    let are_some = |&count: &u8| {
        rows.iter()
            .any(|row| offer.blocks(row, count, search.now).next().is_some())
    };
    (1..search.count).rev().find(are_some).unwrap_or_default()
}

/// Smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    leaves_single: bool,
    row: u16,
    /// Twice the distance between the middles of the block and of the row of the house, in seats.
    from_middle: u16,
}

fn rank(row: &JoinedRow<'_>, block: &Range<usize>) -> Rank {
    let chosen: Vec<usize> = block.clone().collect();
    let (first, place) = row.at(block.start);
    let count = i16::try_from(block.len()).unwrap_or(i16::MAX);
    let middle = 2 * i16::from(place) + count;
    Rank {
        leaves_single: !single_seats(row, &chosen).is_empty(),
        row: first.rank,
        from_middle: middle.abs_diff(first.middle),
    }
}

/// Which seats a search may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    /// All but accessible ones and those of their companions.
    Ordinary,
    /// All.
    Any,
    /// Accessible ones, and those of their companions.
    Accessible,
}

impl Offer {
    fn of(rows: &[JoinedRow<'_>], search: Search) -> Self {
        if search.accessible {
            return Self::Accessible;
        }
        let is_ordinary_left = |row: &JoinedRow<'_>| {
            (0..row.len())
                .any(|position| row.is_unsold(position, search.now) && row.accessible_seat(position).is_none())
        };
        match rows.iter().any(is_ordinary_left) {
            true => Self::Ordinary,
            false => Self::Any,
        }
    }

    /// The positions of each `count` seats side by side that are free at `now` and are offered.
    fn blocks(self, row: &JoinedRow<'_>, count: u8, now: Timestamp) -> impl Iterator<Item = Range<usize>> {
        let count = usize::from(count);
        let firsts = 0..(row.len() + 1).saturating_sub(count);
        let blocks = firsts.map(move |first| first..first + count);
        blocks.filter(move |block| {
            let are_beside = (block.start + 1..block.end).all(|position| row.beside(position, false).is_some());
            are_beside && block.clone().all(|position| row.is_free(position, now)) && self.has(row, block)
        })
    }

    fn has(self, row: &JoinedRow<'_>, block: &Range<usize>) -> bool {
        let mut accessible = block.clone().map(|position| row.accessible_seat(position));
        match self {
            Self::Ordinary => accessible.all(|seat| seat.is_none()),
            Self::Any => true,
            // Nobody takes the companion's seat of an accessible one that is left.
            Self::Accessible => accessible.all(|seat| seat.is_some_and(|seat| block.contains(&seat))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::tickets::{Aisles, RowKey, Taken};

    fn row(part: u16, row: u16, states: &str) -> SeatRow {
        let taken = (0..).zip(states.chars()).filter(|(_, state)| *state == 'x');
        SeatRow {
            rank: row,
            taken: taken.map(|(place, _)| (place, Taken::Blocked)).collect(),
            ..SeatRow::free(RowKey { part, row }, u8::try_from(states.len()).unwrap())
        }
    }

    fn search(count: u8) -> Search {
        Search {
            count,
            accessible: false,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn found(rows: &[SeatRow], search: Search) -> Option<Vec<String>> {
        let seats = best_seats(rows, search, 1, |_| 0)?;
        Some(seats.iter().map(SeatId::to_string).collect())
    }

    fn best(rows: &[SeatRow], count: u8) -> Option<Vec<String>> {
        found(rows, search(count))
    }

    #[test]
    fn the_front_row_and_its_middle_come_first() {
        let rows = [row(0, 0, "......"), row(0, 1, "......")];
        assert_eq!(best(&rows, 2).unwrap(), ["0-0-2", "0-0-3"]);
    }

    #[test]
    fn the_rank_of_a_row_counts_and_not_its_number() {
        let behind = SeatRow {
            rank: 25,
            ..row(1, 0, "......")
        };
        let rows = [row(0, 1, "x....x"), behind];
        assert_eq!(
            best(&rows, 2).unwrap()[0],
            "0-1-1",
            "the first row of the next part is far behind"
        );
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
        assert_eq!(most_together(&rows, search(3)), 2);
        assert_eq!(best(&rows, 2).unwrap(), ["0-1-1", "0-1-2"]);
        assert_eq!(best(&[], 1), None);
        let divided = [SeatRow {
            aisles: Aisles::NONE.with_aisle_after(1),
            ..row(0, 0, "....")
        }];
        assert_eq!(best(&divided, 3), None, "an aisle is between them");
        assert_eq!(most_together(&divided, search(3)), 2);
    }

    #[test]
    fn seats_are_side_by_side_across_the_end_of_a_row_that_the_next_one_continues() {
        let rows = |states: [&str; 2]| {
            let [left, right] = states;
            let right = SeatRow {
                aisles: Aisles::NONE.continuing(),
                ..row(0, 1, right)
            };
            [row(0, 0, left), right]
        };
        let last_two = rows(["xxx.", ".xxx"]);
        assert_eq!(best(&last_two, 2).unwrap(), ["0-0-3", "0-1-0"]);
        assert_eq!(most_together(&last_two, search(4)), 2);
        let three = rows(["xx..", "..xx"]);
        assert_eq!(
            best(&three, 3).unwrap(),
            ["0-0-2", "0-0-3", "0-1-0"],
            "one is left whatever one chooses"
        );
    }

    #[test]
    fn equal_seats_of_all_parts_are_offered_at_random_and_worse_ones_after_a_lost_race() {
        let rows: Vec<SeatRow> = (0..5).map(|part| row(part, 0, "......")).collect();
        let offered = |among, nth, expected| {
            best_seats(&rows, search(2), among, |count| {
                assert_eq!(count, expected);
                nth
            })
        };
        assert_eq!(offered(1, 3, 5).unwrap()[0].row.part, 3);
        assert_eq!(offered(8, 4, 8).unwrap()[0].row.part, 4);
        assert!(offered(100, 24, 25).is_some(), "there are no more");
    }

    /// A row with two accessible seats, each with a companion on its right, and a row behind it.
    fn accessible_house(front: &str, back: &str) -> [SeatRow; 2] {
        let front = SeatRow {
            accessible: [(0, 0), (1, 0), (2, 2), (3, 2)].into(),
            ..row(0, 0, front)
        };
        [front, row(0, 1, back)]
    }

    #[test]
    fn accessible_seats_and_their_companions_are_for_others_only_once_no_other_seat_is_free() {
        assert_eq!(
            best(&accessible_house("....", "......"), 2).unwrap(),
            ["0-1-2", "0-1-3"]
        );
        let almost_full = accessible_house("....", "xxxxx.");
        assert_eq!(best(&almost_full, 2), None, "an ordinary seat is free");
        assert_eq!(most_together(&almost_full, search(2)), 1);
        assert_eq!(
            best(&accessible_house("....", "xxxxxx"), 2).unwrap(),
            ["0-0-0", "0-0-1"]
        );
    }

    #[test]
    fn who_asks_for_accessible_seats_gets_one_with_its_own_companion() {
        let accessible = |count| Search {
            accessible: true,
            ..search(count)
        };
        let house = accessible_house("....", "......");
        assert_eq!(
            found(&house, accessible(1)).unwrap(),
            ["0-0-0"],
            "and no companion's seat"
        );
        assert_eq!(found(&house, accessible(2)).unwrap(), ["0-0-0", "0-0-1"]);
        assert_eq!(found(&house, accessible(4)).unwrap().len(), 4);
        let first_taken = accessible_house("x...", "......");
        assert_eq!(found(&first_taken, accessible(2)).unwrap(), ["0-0-2", "0-0-3"]);
        assert_eq!(found(&first_taken, accessible(3)), None, "its accessible seat is taken");
        assert_eq!(most_together(&first_taken, accessible(3)), 2);
        let full = accessible_house("xxxx", "......");
        assert_eq!(
            (found(&full, accessible(1)), most_together(&full, accessible(1))),
            (None, 0)
        );
    }
}
