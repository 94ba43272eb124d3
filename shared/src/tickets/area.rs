//! Areas of general admission: standing areas, and seats without numbers. A customer buys a place of an area, and does not choose
//! which one.
//!
//! The places are stored in rows, as seats are. So an order has them, gives them back and is checked in as with seats. The rows say
//! nothing about the house: they are as many items as keep holds at the same moment apart.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::row::{RowKey, SeatRow};
use super::seat::SeatId;
use super::showtime::ZoneCode;

/// An area of general admission, and where its rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Area {
    /// The area's code.
    pub area: ZoneCode,
    /// The name that customers see.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// The zone of its places.
    pub zone: ZoneCode,
    /// The number of its places.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: u32,
    /// Whether each place has a number.
    pub numbered: bool,
    /// The part of its first row. An area has parts of its own.
    pub part: u16,
}

/// A place of an area of general admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AreaPlace {
    /// The area's code.
    pub area: ZoneCode,
    /// The number of the place, from 1. Absent in an area whose places have no numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000)]
    pub number: Option<u32>,
}

impl Area {
    /// The most places of an area: its rows are at most 18 parts, which are all read before it is called sold out.
    pub const MAX_PLACES: u32 = 10_000;
    /// The most rows of a part. Its places are one partition of the table, as those of a part of seats are.
    pub const PART_ROWS: u16 = 21;

    /// The number of its rows.
    pub fn rows(&self) -> u16 {
        u16::try_from(self.places.div_ceil(SeatRow::MAX_SEATS.into())).unwrap_or(u16::MAX)
    }

    /// The numbers of its parts.
    pub fn parts(&self) -> impl Iterator<Item = u16> + use<> {
        let first = self.part;
        (0..self.rows().div_ceil(Self::PART_ROWS)).map(move |part| first.saturating_add(part))
    }

    /// The key of the row with this number, from 0.
    pub const fn row(&self, number: u16) -> RowKey {
        RowKey {
            part: self.part.saturating_add(number / Self::PART_ROWS),
            row: number % Self::PART_ROWS,
        }
    }

    /// The number of places in the row with this number. All rows have about the same.
    pub fn places_of(&self, number: u16) -> u8 {
        let (rows, number) = (u32::from(self.rows()).max(1), u32::from(number));
        let places = self.places / rows + u32::from(number < self.places % rows);
        u8::try_from(places).unwrap_or(u8::MAX)
    }

    /// Whether the row is one of the area.
    pub fn has(&self, row: RowKey) -> bool {
        let part = row.part.checked_sub(self.part);
        part.is_some_and(|part| part < self.rows().div_ceil(Self::PART_ROWS))
    }

    /// The place with this id, which is in the area.
    pub fn place(&self, seat: SeatId) -> AreaPlace {
        AreaPlace {
            area: self.area.clone(),
            number: self.numbered.then(|| self.number_of(seat)),
        }
    }

    /// The text of a place: the area's name, and the number of the place if it has one.
    pub fn label(&self, seat: SeatId) -> String {
        let name = &self.name;
        match self.place(seat).number {
            Some(number) => format!("{name} {number}"),
            None => name.clone(),
        }
    }

    /// The number of a place in the area, from 1.
    fn number_of(&self, seat: SeatId) -> u32 {
        let part = u32::from(seat.row.part.saturating_sub(self.part));
        let row = part * u32::from(Self::PART_ROWS) + u32::from(seat.row.row);
        let rows = u32::from(self.rows()).max(1);
        let before = row * (self.places / rows) + row.min(self.places % rows);
        before + u32::from(seat.place) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn area(places: u32, part: u16) -> Area {
        Area {
            area: "B".to_owned().try_into().unwrap(),
            name: "Standing B".to_owned(),
            zone: "floor".to_owned().try_into().unwrap(),
            places,
            numbered: true,
            part,
        }
    }

    #[test]
    fn a_label_has_a_number_only_in_a_numbered_area() {
        let seat = "7-0-3".parse().unwrap();
        let numbered = area(40, 7);
        assert_eq!(numbered.label(seat), "Standing B 4");
        let unnumbered = Area {
            numbered: false,
            ..numbered
        };
        assert_eq!(unnumbered.label(seat), "Standing B");
        assert_eq!(unnumbered.place(seat).number, None);
    }

    proptest! {
        #[test]
        fn each_place_of_an_area_is_in_one_row_and_has_one_number(
            places in 1..=Area::MAX_PLACES, part in 0_u16..600,
        ) {
            let area = area(places, part);
            let mut next = 1;
            for number in 0..area.rows() {
                let (row, places) = (area.row(number), area.places_of(number));
                prop_assert!((1..=SeatRow::MAX_SEATS).contains(&places));
                prop_assert!(area.has(row) && area.parts().any(|part| part == row.part));
                for place in 0..places {
                    prop_assert_eq!(area.place(SeatId { row, place }).number, Some(next));
                    next += 1;
                }
            }
            prop_assert_eq!(next - 1, places);
            let has = |part| area.has(RowKey { part, row: 0 });
            let last = area.parts().last().unwrap();
            prop_assert!(!has(last + 1));
            prop_assert!(part == 0 || !has(part - 1));
        }
    }
}
