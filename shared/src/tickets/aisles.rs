//! Where the seats of a row are side by side.

use serde::{Deserialize, Serialize};

use super::row::SeatRow;

/// The aisles of a row as one number. Bit `p` is an aisle after place `p`. Bit 31 says that the first seat is beside the last
/// seat of the row before it, in the same part: a long row of the house is stored as several rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Aisles(u32);

/// The bit of [`Aisles::continues`].
const CONTINUES: u32 = 1 << 31;

// Otherwise an aisle after the last but one place would be the bit of `continues`.
const _: () = assert!(SeatRow::MAX_SEATS <= 31);

impl Aisles {
    /// No aisles.
    pub const NONE: Self = Self(0);

    /// All bits that a row can have.
    #[cfg(test)]
    pub(super) const ALL: Self = Self(CONTINUES | ((1 << (SeatRow::MAX_SEATS - 1)) - 1));

    /// The same aisles, and one after `place`.
    #[must_use]
    pub const fn with_aisle_after(self, place: u8) -> Self {
        if place >= SeatRow::MAX_SEATS {
            return self;
        }
        Self(self.0 | 1 << place)
    }

    /// The same aisles in a row whose first seat is beside the last seat of the row before it.
    #[must_use]
    pub const fn continuing(self) -> Self {
        Self(self.0 | CONTINUES)
    }

    /// Whether there is an aisle after `place`.
    pub const fn is_after(self, place: u8) -> bool {
        place < SeatRow::MAX_SEATS && self.0 & (1 << place) != 0
    }

    /// Whether the first seat is beside the last seat of the row before it, in the same part.
    pub const fn continues(self) -> bool {
        self.0 & CONTINUES != 0
    }

    /// The number with these bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The aisles with these bits.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}
