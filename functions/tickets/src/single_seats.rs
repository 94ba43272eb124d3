//! Single seats: a choice that leaves one free seat between taken ones leaves a seat that hardly anybody buys.

use std::collections::BTreeMap;

use shared::tickets::{RowKey, SeatId, SeatRow};

use crate::joined_row::JoinedRow;

/// The seats that would be left single if the free seats in `chosen` were taken.
pub fn single_seats_of(chosen: &[SeatId], rows: &BTreeMap<RowKey, SeatRow>) -> Vec<SeatId> {
    let joined = JoinedRow::join(rows.values());
    let singles = joined.iter().flat_map(|row| {
        let singles = single_seats(row, &row.positions(chosen));
        singles.into_iter().map(|position| row.seat(position))
    });
    singles.collect()
}

/// The positions of seats that would be left single if the free seats at `chosen` were taken. A choice of all but one of the free
/// seats side by side cannot avoid that, and leaves none.
///
/// A seat whose hold has ended counts as taken: its order may be paid.
pub fn single_seats(row: &JoinedRow<'_>, chosen: &[usize]) -> Vec<usize> {
    let both = |&position: &usize| [false, true].map(|on_right| row.beside(position, on_right));
    let beside = chosen.iter().flat_map(both).flatten();
    let left = beside.filter(|&position| is_left(row, chosen, position));
    let mut single: Vec<usize> = left.filter(|&position| is_single(row, chosen, position)).collect();
    single.sort_unstable();
    single.dedup();
    single
}

/// Whether the seat is open and stays so.
fn is_left(row: &JoinedRow<'_>, chosen: &[usize], position: usize) -> bool {
    row.is_open(position) && !chosen.contains(&position)
}

/// Whether no seat beside this one is left, but another one is among those that are open side by side now.
fn is_single(row: &JoinedRow<'_>, chosen: &[usize], position: usize) -> bool {
    let next_left = |on_right| {
        let mut open = std::iter::successors(row.beside(position, on_right), |&next| row.beside(next, on_right))
            .take_while(|&next| row.is_open(next));
        // The distance of the first one that is left.
        open.position(|next| !chosen.contains(&next))
    };
    let others = [false, true].map(next_left);
    !others.contains(&Some(0)) && others.iter().any(Option::is_some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::tickets::{Aisles, Taken};

    fn row(states: &str) -> SeatRow {
        let taken = (0..).zip(states.chars()).filter(|(_, state)| *state == 'x');
        SeatRow {
            taken: taken.map(|(place, _)| (place, Taken::Blocked)).collect(),
            ..SeatRow::free(RowKey { part: 0, row: 0 }, u8::try_from(states.len()).unwrap())
        }
    }

    fn left_in(row: &SeatRow, chosen: &[usize]) -> Vec<usize> {
        single_seats(&JoinedRow::join([row])[0], chosen)
    }

    fn left(states: &str, chosen: &[usize]) -> Vec<usize> {
        left_in(&row(states), chosen)
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

    #[test]
    fn an_aisle_is_the_end_of_seats_side_by_side() {
        let divided = SeatRow {
            aisles: Aisles::NONE.with_aisle_after(2),
            ..row("......")
        };
        assert_eq!(
            left_in(&divided, &[4, 5]),
            Vec::<usize>::new(),
            "one of three is left, whatever one chooses"
        );
        assert_eq!(left_in(&divided, &[1]), [0, 2]);
    }
}
