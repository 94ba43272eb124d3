//! The house: sections of equal rows, each with an aisle in its middle, as [`tickets::plan::sample`] generates them.

use shared::tickets::{Aisles, RowKey, SeatRow, Taken};

/// A house. A section is a part of the seats table: it has at most 600 seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct House {
    /// The number of sections.
    pub sections: u16,
    /// The number of rows of a section.
    pub rows: u16,
    /// The number of seats of a row.
    pub seats: u8,
}

impl House {
    /// 10,000 seats in 400 rows.
    pub const LARGE: Self = Self {
        sections: 20,
        rows: 20,
        seats: 25,
    };

    /// The number of seats.
    #[must_use]
    pub fn count(self) -> usize {
        usize::from(self.sections) * usize::from(self.rows) * usize::from(self.seats)
    }

    /// Whether a row is in the best fifth of its section.
    #[must_use]
    pub const fn is_best(self, row: RowKey) -> bool {
        row.row * 5 < self.rows
    }

    /// The rows in the plan's order. `is_free` returns whether the seat with a number in the plan is free.
    #[must_use]
    pub fn rows(self, is_free: impl Fn(usize) -> bool) -> Vec<SeatRow> {
        let keys = (0..self.sections).flat_map(|part| (0..self.rows).map(move |row| RowKey { part, row }));
        let width = usize::from(self.seats);
        let row = |(number, key): (usize, RowKey)| {
            let taken = (0..self.seats).filter(|&place| !is_free(number * width + usize::from(place)));
            SeatRow {
                aisles: Aisles::NONE.with_aisle_after(self.seats.div_ceil(2) - 1),
                rank: key.row,
                taken: taken.map(|place| (place, Taken::Blocked)).collect(),
                ..SeatRow::free(key, self.seats)
            }
        };
        keys.enumerate().map(row).collect()
    }
}
