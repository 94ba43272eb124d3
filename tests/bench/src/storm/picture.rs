//! What a buyer sees: the choices that the seat map offers.

use jiff::Timestamp;
use shared::tickets::{RowKey, SeatId, SeatRow, SeatState};
use tickets::joined_row::JoinedRow;
use tickets::single_seats::single_seats;

use super::house::House;

/// The most seats of a buyer.
pub const MOST: u8 = 4;
/// How many random choices a buyer looks at before they look at all.
const GLANCES: usize = 8;

/// Free seats side by side: the row, and the first place.
type Block = (RowKey, u8);

/// The choices of a map.
#[derive(Debug)]
pub struct Picture {
    /// Counts the maps, from 0.
    pub version: u64,
    /// The choices of each number of seats, from one: in the best rows, and in all.
    best: Vec<Vec<Block>>,
    all: Vec<Vec<Block>>,
}

impl Picture {
    /// The choices in a house, in which the seats with these numbers are free. None of them leaves a single seat.
    pub fn of(house: House, version: u64, is_free: impl Fn(usize) -> bool) -> Self {
        let rows = house.rows(is_free);
        let blocks = |count: u8| -> Vec<Block> { rows.iter().flat_map(|row| blocks(row, count)).collect() };
        let all: Vec<Vec<Block>> = (1..=MOST).map(blocks).collect();
        let of_best = |blocks: &Vec<Block>| blocks.iter().copied().filter(|(row, _)| house.is_best(*row)).collect();
        Self {
            version,
            best: all.iter().map(of_best).collect(),
            all,
        }
    }

    /// A random choice of `wanted` seats, or of fewer if there are none, without the seats in `avoided`.
    pub fn choose(&self, wanted: u8, in_best: bool, avoided: &[SeatId]) -> Option<Vec<SeatId>> {
        let zones = [Some(&self.best).filter(|_| in_best), Some(&self.all)];
        (1..=wanted.min(MOST)).rev().find_map(|count| {
            let of_count = |zone: &Vec<Vec<Block>>| draw(&zone[usize::from(count) - 1], count, avoided);
            zones.into_iter().flatten().find_map(of_count)
        })
    }
}

fn draw(blocks: &[Block], count: u8, avoided: &[SeatId]) -> Option<Vec<SeatId>> {
    let seats = |(row, first): Block| -> Vec<SeatId> {
        let places = first..first + count;
        places.map(|place| SeatId { row, place }).collect()
    };
    let is_open = |seats: &Vec<SeatId>| !seats.iter().any(|seat| avoided.contains(seat));
    let mut glances = (0..GLANCES).filter_map(|_| fastrand::choice(blocks).copied().map(seats));
    glances.find(is_open).or_else(|| {
        let open: Vec<Vec<SeatId>> = blocks.iter().copied().map(seats).filter(is_open).collect();
        fastrand::choice(open)
    })
}

/// The places at which `count` free seats side by side begin that leave no single seat.
fn blocks(row: &SeatRow, count: u8) -> impl Iterator<Item = Block> {
    let is_free = |place: u8| row.state(place, Timestamp::UNIX_EPOCH) == SeatState::Free;
    let firsts = 0..(row.seats + 1).saturating_sub(count);
    let joined = JoinedRow::join([row]);
    let leaves_single = move |places: &[u8]| {
        let positions: Vec<usize> = places.iter().copied().map(usize::from).collect();
        joined.iter().any(|row| !single_seats(row, &positions).is_empty())
    };
    let is_choice = move |first: &u8| {
        let places: Vec<u8> = (*first..first + count).collect();
        let are_beside = places.windows(2).all(|two| row.is_beside(two[0], two[1]));
        are_beside && places.iter().copied().all(is_free) && !leaves_single(&places)
    };
    firsts.filter(is_choice).map(|first| (row.key, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: House = House {
        sections: 1,
        rows: 5,
        seats: 8,
    };

    #[test]
    fn a_buyer_chooses_seats_side_by_side_in_the_best_rows_and_elsewhere_when_they_are_full() {
        let picture = Picture::of(HOUSE, 0, |_| true);
        for _ in 0..50 {
            let chosen = picture.choose(3, true, &[]).unwrap();
            assert_eq!((chosen.len(), chosen[0].row.row), (3, 0));
            let middle = (chosen[0].place < 4) == (chosen[2].place < 4);
            assert!(middle, "no aisle is between them: {chosen:?}");
        }
        let full = Picture::of(HOUSE, 1, |number| number >= 8);
        assert!(full.choose(3, true, &[]).unwrap()[0].row.row > 0);
    }

    #[test]
    fn a_buyer_takes_fewer_seats_when_so_many_are_not_side_by_side_and_none_when_all_are_refused() {
        // Two free seats, each at an end of the first row.
        let picture = Picture::of(HOUSE, 0, |number| number == 0 || number == 7);
        let chosen = picture.choose(4, false, &[]).unwrap();
        assert_eq!(chosen.len(), 1);
        let other = picture.choose(4, false, &chosen).unwrap();
        assert_eq!(chosen[0].place + other[0].place, 7);
        assert_eq!(picture.choose(4, false, &[chosen[0], other[0]]), None);
    }
}
