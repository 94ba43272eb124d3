//! Who joined and who entered when, as numbers. They are all that is stored of the line: nobody reads a list of customers.
//!
//! The numbers of a bucket are kept by the highest bits of the draws, so that a place is exact at their boundaries, and concurrent
//! writes are of different items. Those of entries are kept by the [remainders](crate::lottery::Draw::spread) of the draws: customers
//! with neighbouring places enter at the same time.

use std::collections::BTreeMap;

/// The bits of a draw that say where an early comer is counted.
pub const EARLY_BITS: u32 = 8;
/// The bits of a draw that say where a later one is counted.
pub const LATER_BITS: u32 = 4;
/// The parts of the early comers.
pub const EARLY_PARTS: usize = 1 << EARLY_BITS;
/// The parts of those who join within a second, and of those who enter.
pub const LATER_PARTS: usize = 1 << LATER_BITS;

/// People by parts, of each second or round. One without people may be absent.
pub type BySecond = BTreeMap<u32, [u32; LATER_PARTS]>;

/// The people who have joined and entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The early comers.
    pub early: [u32; EARLY_PARTS],
    /// Those who joined in each second.
    pub joined: BySecond,
    /// Those who entered in time, by the rounds that called their places.
    pub in_time: BySecond,
    /// Those who entered late, by the seconds in which they did.
    pub late: BySecond,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            early: [0; EARLY_PARTS],
            joined: BTreeMap::new(),
            in_time: BTreeMap::new(),
            late: BTreeMap::new(),
        }
    }
}

/// The people of some parts.
pub fn sum(parts: &[u32]) -> u64 {
    parts.iter().map(|&people| u64::from(people)).sum()
}
