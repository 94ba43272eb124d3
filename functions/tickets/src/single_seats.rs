//! Single seats: a choice that leaves one free seat between taken ones leaves a seat that hardly anybody buys.

use std::ops::Range;

use shared::tickets::SeatRow;

/// The places of seats in a row that would be left single if the free seats at `chosen` were taken. A choice of all but one of
/// the free seats side by side cannot avoid that, and leaves none.
///
/// A seat whose hold has ended counts as taken: its order may be paid.
pub fn single_seats(row: &SeatRow, chosen: &[u8]) -> Vec<u8> {
    let mut single = vec![];
    let mut first = 0;
    while first < row.seats {
        let end = end_of_open(row, first);
        single.extend(single_in(first..end, chosen));
        first = end.max(first + 1);
    }
    single
}

/// The place after the last of the open seats side by side that begin at `first`. `first` itself, if that seat is not open.
pub fn end_of_open(row: &SeatRow, first: u8) -> u8 {
    let is_open = |place: u8| place < row.seats && !row.taken.contains_key(&place);
    let mut end = first;
    while is_open(end) && (end == first || row.is_beside(end - 1, end)) {
        end += 1;
    }
    end
}

/// The single seats that a choice leaves of seats that are open side by side.
fn single_in(open: Range<u8>, chosen: &[u8]) -> Vec<u8> {
    let is_left = |place: u8| open.contains(&place) && !chosen.contains(&place);
    let left: Vec<u8> = open.clone().filter(|&place| is_left(place)).collect();
    if left.len() == open.len() || left.len() == 1 {
        return vec![];
    }
    let is_single = |place: &u8| !place.checked_sub(1).is_some_and(is_left) && !is_left(place + 1);
    left.into_iter().filter(is_single).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::tickets::{Aisles, RowKey, Taken};

    fn row(states: &str) -> SeatRow {
        let taken = (0..).zip(states.chars()).filter(|(_, state)| *state == 'x');
        SeatRow {
            key: RowKey { part: 0, row: 0 },
            seats: u8::try_from(states.len()).unwrap(),
            zone: 0,
            aisles: Aisles::default(),
            taken: taken.map(|(place, _)| (place, Taken::Blocked)).collect(),
        }
    }

    fn left(states: &str, chosen: &[u8]) -> Vec<u8> {
        single_seats(&row(states), chosen)
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
            aisles: Aisles::default().with_aisle_after(2),
            ..row("......")
        };
        assert_eq!(
            single_seats(&divided, &[4, 5]),
            Vec::<u8>::new(),
            "one of three is left, whatever one chooses"
        );
        assert_eq!(single_seats(&divided, &[1]), [0, 2]);
        assert_eq!((end_of_open(&divided, 0), end_of_open(&divided, 3)), (3, 6));
    }
}
