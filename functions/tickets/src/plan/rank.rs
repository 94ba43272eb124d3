//! How good a row is: the smaller, the better.

use super::Point;
use super::tile::TileSeat;

/// One step of the distance from the focus, in centimetres. Rows that are about as far away are equally good, such as the first rows
/// of two sections. Rows behind each other are further apart.
const STEP: i64 = 50;

/// The rank of a row of the house with these seats, from one end to the other. Without a `focus` it is `number`, the place of the row
/// in its section, from 0.
pub fn rank(seats: &[&TileSeat], number: usize, focus: Option<Point>) -> u16 {
    let Some(focus) = focus else {
        return u16::try_from(number).unwrap_or(u16::MAX);
    };
    let Some(last) = seats.len().checked_sub(1) else {
        return 0;
    };
    // The middle is between two seats of an even number. Twice the distance, to stay whole.
    let (one, other) = (seats[last / 2].at, seats[last.div_ceil(2)].at);
    let twice = |one: i32, other: i32, focus: i32| i64::from(one) + i64::from(other) - 2 * i64::from(focus);
    let (x, y) = (twice(one.x, other.x, focus.x), twice(one.y, other.y, focus.y));
    let distance = (x * x + y * y).isqrt() / 2;
    u16::try_from(distance / STEP).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(ats: &[(i32, i32)]) -> Vec<TileSeat> {
        let seats = (0..).zip(ats).map(|(number, &(x, y))| TileSeat {
            number,
            at: Point { x, y },
            flags: vec![],
            companion_of: None,
        });
        seats.collect()
    }

    fn rank_of(ats: &[(i32, i32)], focus: Option<Point>) -> u16 {
        rank(&Vec::from_iter(&seats(ats)), 7, focus)
    }

    #[test]
    fn without_a_focus_rows_are_ranked_from_front_to_back() {
        assert_eq!(rank_of(&[(0, 0), (50, 0)], None), 7);
    }

    #[test]
    fn with_a_focus_the_distance_of_the_middle_counts_in_steps_of_half_a_metre() {
        let stage = Some(Point { x: 100, y: 0 });
        assert_eq!(rank_of(&[(0, 500), (100, 500), (200, 500)], stage), 10);
        assert_eq!(
            rank_of(&[(50, 549), (150, 549)], stage),
            10,
            "the middle is between two seats"
        );
        assert_eq!(rank_of(&[(50, 550), (150, 550)], stage), 11);
        assert_eq!(rank_of(&[(400, 400)], stage), 10, "300 to the side and 400 behind");
        let behind = Some(Point { x: 100, y: 1_000 });
        assert!(
            rank_of(&[(100, 900)], behind) < rank_of(&[(100, 100)], behind),
            "the stage is at the back"
        );
    }

    #[test]
    fn the_rank_of_the_furthest_rows_is_a_number_of_16_bits() {
        let far = Some(Point {
            x: -1_000_000,
            y: -1_000_000,
        });
        assert_eq!(rank_of(&[(1_000_000, 1_000_000)], far), 56_568);
    }
}
