//! The states of all seats of a showtime, with two bits a seat. Places of general admission are only counted.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;

use super::area::Area;
use super::row::SeatRow;
use super::seat::SeatState;

/// The states of all seats, in the plan's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeatMap {
    /// The number of seats, without the places of areas.
    seats: usize,
    /// Four seats a byte, the first in the lowest bits.
    bits: Vec<u8>,
    /// How many seats of each zone are free and how many there are, by the zone's number.
    zones: Vec<ZoneCount>,
    /// How many places of each area are free and how many there are.
    areas: Vec<ZoneCount>,
}

/// The seats and places of a zone, or the places of an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneCount {
    /// The free seats.
    pub free: u32,
    /// All seats.
    pub seats: u32,
}

impl ZoneCount {
    fn add(&mut self, state: SeatState) {
        self.seats += 1;
        self.free += u32::from(state == SeatState::Free);
    }
}

/// A map of these seats, which are in no zone.
impl FromIterator<SeatState> for SeatMap {
    fn from_iter<I: IntoIterator<Item = SeatState>>(states: I) -> Self {
        let mut map = Self::default();
        states.into_iter().for_each(|state| map.push(state));
        map
    }
}

impl SeatMap {
    /// The map of `rows`, which are in the plan's order, at `now`. Those of `areas` are only counted.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a SeatRow>, areas: &[Area], now: Timestamp) -> Self {
        let mut map = Self {
            areas: vec![ZoneCount::default(); areas.len()],
            ..Self::default()
        };
        for row in rows {
            let zone = usize::from(row.zone);
            if map.zones.len() <= zone {
                map.zones.resize(zone + 1, ZoneCount::default());
            }
            let area = areas.iter().position(|area| area.has(row.key));
            for state in row.states(now) {
                map.zones[zone].add(state);
                match area {
                    Some(area) => map.areas[area].add(state),
                    None => map.push(state),
                }
            }
        }
        map
    }

    /// The number of seats, without the places of areas.
    pub const fn seats(&self) -> usize {
        self.seats
    }

    /// The number of seats and places.
    pub fn places(&self) -> usize {
        self.zones.iter().map(|zone| zone.seats as usize).sum()
    }

    /// The places of each area.
    pub fn areas(&self) -> &[ZoneCount] {
        &self.areas
    }

    /// The seats and places of the zone with this number.
    pub fn zone(&self, number: usize) -> ZoneCount {
        self.zones.get(number).copied().unwrap_or_default()
    }

    /// The state of the seat with this number in the plan's order, from 0.
    pub fn state(&self, number: usize) -> Option<SeatState> {
        let byte = self.bits.get(number / 4).filter(|_| number < self.seats)?;
        SeatState::ALL
            .get(usize::from((byte >> (number % 4 * 2)) & 0b11))
            .copied()
    }

    /// The bits in base64.
    pub fn base64(&self) -> String {
        BASE64.encode(&self.bits)
    }

    /// Reads what [`SeatMap::base64`] wrote. The counts are not a part of it.
    pub fn parse(seats: usize, text: &str) -> Option<Self> {
        let bits = BASE64.decode(text).ok()?;
        let read = Self {
            seats,
            bits,
            ..Self::default()
        };
        (read.bits.len() == seats.div_ceil(4)).then_some(read)
    }

    fn push(&mut self, state: SeatState) {
        if self.seats.is_multiple_of(4) {
            self.bits.push(0);
        }
        if let Some(last) = self.bits.last_mut() {
            *last |= (state as u8) << (self.seats % 4 * 2);
        }
        self.seats += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn two_bits_a_seat_round_trip(numbers in proptest::collection::vec(0_usize..4, 0..200)) {
            let states: Vec<SeatState> = numbers.iter().map(|&number| SeatState::ALL[number]).collect();
            let map: SeatMap = states.iter().copied().collect();
            let read = SeatMap::parse(states.len(), &map.base64()).unwrap();
            let found: Vec<SeatState> = (0..states.len()).map(|number| read.state(number).unwrap()).collect();
            prop_assert_eq!(found, states);
            prop_assert_eq!(read.state(read.seats()), None);
        }
    }

    #[test]
    fn the_map_of_10_000_seats_has_at_most_4_kb() {
        let mut map = SeatMap::default();
        (0..10_000).for_each(|_| map.push(SeatState::Sold));
        assert_eq!(map.base64().len(), 3_336);
    }
}
