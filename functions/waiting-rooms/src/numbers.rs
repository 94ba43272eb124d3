//! Who joined and who entered when, as numbers. They are all that is stored of the line: nobody reads a list of customers.
//!
//! The numbers of a bucket are kept by the highest bits of the draws, so that a place is exact at their boundaries, and concurrent
//! writes are of different items. Entries are counted in several items too, whose sums are all that the line needs.
//!
//! In memory, a minute is 4 KB, whoever joined in it: [`LONGEST`](crate::room::LONGEST) are 19 MB.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lottery::{Bucket, Draw};

/// The bits of a draw that say where an early comer is counted.
pub const EARLY_BITS: u32 = 8;
/// The bits of a draw that say where a later one is counted.
pub const LATER_BITS: u32 = 4;
/// The parts of the early comers.
pub const EARLY_PARTS: usize = 1 << EARLY_BITS;
/// The parts of those who join within a second, and of those who enter.
pub const LATER_PARTS: usize = 1 << LATER_BITS;
/// The seconds of a minute, as an index.
const SECONDS: usize = 60;

/// The people who have joined and entered. A minute without people may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The early comers, by parts.
    pub early: [u32; EARLY_PARTS],
    /// Shared with the line of a second before, which is the same but for the last minutes.
    minutes: BTreeMap<u32, Arc<Minute>>,
}

/// The people of a minute after the opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minute {
    /// Those who joined in each second, by parts.
    pub joined: [[u32; LATER_PARTS]; SECONDS],
    /// Those who entered in time, by the rounds that called their places.
    pub in_time: [u32; SECONDS],
    /// Those who entered late, by the seconds in which they did.
    pub late: [u32; SECONDS],
}

const NOBODY: Minute = Minute {
    joined: [[0; LATER_PARTS]; SECONDS],
    in_time: [0; SECONDS],
    late: [0; SECONDS],
};

impl Default for Minute {
    fn default() -> Self {
        NOBODY
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            early: [0; EARLY_PARTS],
            minutes: BTreeMap::new(),
        }
    }
}

impl Numbers {
    /// Those who joined in a second, by parts.
    pub fn joined(&self, second: u32) -> &[u32; LATER_PARTS] {
        self.of(second, |minute, second| &minute.joined[second])
    }

    /// Those who entered in time, of those whom a round called.
    pub fn in_time(&self, round: u32) -> u64 {
        u64::from(*self.of(round, |minute, second| &minute.in_time[second]))
    }

    /// Those who entered late in a second.
    pub fn late(&self, second: u32) -> u64 {
        u64::from(*self.of(second, |minute, second| &minute.late[second]))
    }

    /// A minute, to count somebody in.
    pub fn minute_mut(&mut self, nth: u32) -> &mut Minute {
        Arc::make_mut(self.minutes.entry(nth).or_default())
    }

    /// Counts a join.
    pub fn join(&mut self, bucket: Bucket, draw: Draw) {
        match bucket {
            Bucket::Early => self.early[draw.part(EARLY_BITS)] += 1,
            Bucket::Second(second) => {
                let (minute, second) = split(second);
                self.minute_mut(minute).joined[second][draw.part(LATER_BITS)] += 1;
            }
        }
    }

    /// Replaces the minutes from `first` on.
    pub fn replace(&mut self, first: u32, other: Self) {
        self.minutes.split_off(&first);
        self.minutes
            .extend(other.minutes.into_iter().filter(|&(nth, _)| nth >= first));
    }

    /// The minutes that it has in memory.
    pub fn minutes(&self) -> usize {
        self.minutes.len()
    }

    fn of<T>(&self, second: u32, number: impl Fn(&Minute, usize) -> &T) -> &T {
        let (minute, second) = split(second);
        number(self.minutes.get(&minute).map_or(&NOBODY, |minute| minute), second)
    }
}

/// The minute of a second, and the second within it.
pub const fn split(second: u32) -> (u32, usize) {
    (second / 60, (second % 60) as usize)
}

/// The people of some parts.
pub fn sum(parts: &[u32]) -> u64 {
    parts.iter().map(|&people| u64::from(people)).sum()
}
