//! Who joined when, as numbers: the places, and how far the room has come.
//!
//! The numbers of a bucket are kept by the highest bits of the draws, so that a place is exact at their boundaries, and concurrent
//! joins write different items. Within a part, the place is where the draw is expected: a few people may share one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::lottery::{Bucket, Draw, second_at};
use crate::room::{CLOSING, PACED, StoredRoom, closed_at};
use crate::turns::{instant_of, turns};

/// The bits of a draw that say where an early comer is counted.
pub const EARLY_BITS: u32 = 8;
/// The bits of a draw that say where a later one is counted.
pub const LATER_BITS: u32 = 4;
/// The parts of the early comers.
pub const EARLY_PARTS: usize = 1 << EARLY_BITS;
/// The parts of those who join within a second.
pub const LATER_PARTS: usize = 1 << LATER_BITS;

/// The people of each bucket, by parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// The early comers.
    pub early: [u32; EARLY_PARTS],
    /// Those of each second. A second without people may be absent.
    pub seconds: BTreeMap<u32, [u32; LATER_PARTS]>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            early: [0; EARLY_PARTS],
            seconds: BTreeMap::new(),
        }
    }
}

/// The seconds that are closed at `now`, from the opening on: those of a day at most. `None` while the early bucket is open.
pub fn closed_seconds(opens_at: Timestamp, now: Timestamp) -> Option<u32> {
    if now < closed_at(Bucket::Early, opens_at) {
        return None;
    }
    let ms = now.as_millisecond() - opens_at.as_millisecond() - i64::try_from(CLOSING.as_millis()).unwrap_or_default();
    // Places of later ones are of no use: from then on everybody enters at once.
    let most = PACED.as_secs();
    Some(u32::try_from((ms / 1000).min(most)).unwrap_or(u32::MAX))
}

/// The line of those who wait, as far as their buckets are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The seconds that are closed.
    pub closed: u32,
    /// The people of all closed buckets.
    pub joined: u64,
    /// The turns that nobody was there for, and that are not given later.
    pub lapsed: u64,
    early: [u32; EARLY_PARTS],
    /// The people before each second with people, and its own.
    seconds: BTreeMap<u32, (u64, [u32; LATER_PARTS])>,
}

impl Line {
    /// The line at `now`. `None` while the early bucket is open.
    pub fn of(arrivals: &Arrivals, room: &StoredRoom, now: Timestamp) -> Option<Self> {
        let closed = closed_seconds(room.opens_at, now)?;
        let mut joined = sum(&arrivals.early);
        let (mut lapsed, mut seconds) = (0, BTreeMap::new());
        // The people stay the same between two seconds with people, while the turns grow.
        let mut lapse = |second: u32, joined: u64| {
            let given = turns(&room.segments, second_at(room.opens_at, second));
            lapsed = given.saturating_sub(joined).max(lapsed);
        };
        for (&second, people) in arrivals.seconds.range(..closed) {
            lapse(second, joined);
            seconds.insert(second, (joined, *people));
            joined += sum(people);
            lapse(second.saturating_add(1), joined);
        }
        lapse(closed, joined);
        Some(Self {
            closed,
            joined,
            lapsed,
            early: arrivals.early,
            seconds,
        })
    }

    /// The early comers by parts.
    pub const fn early(&self) -> &[u32; EARLY_PARTS] {
        &self.early
    }

    /// The place of a customer, from 1. `None` while the bucket is open.
    pub fn place(&self, bucket: Bucket, draw: Draw) -> Option<u64> {
        let within = |bits: u32, parts: &[u32]| {
            let part = draw.part(bits);
            let before = sum(parts.get(..part).unwrap_or_default());
            before + draw.share(bits, parts.get(part).copied().unwrap_or_default())
        };
        match bucket {
            Bucket::Early => Some(1 + within(EARLY_BITS, &self.early)),
            Bucket::Second(second) if second >= self.closed => None,
            Bucket::Second(second) => {
                let (before, parts) = self.seconds.get(&second).copied().unwrap_or_default();
                Some(1 + before + within(LATER_BITS, &parts))
            }
        }
    }

    /// The places that may enter at `now`: this one and those before it.
    pub fn serving_number(&self, room: &StoredRoom, now: Timestamp) -> u64 {
        let at = now.checked_sub(CLOSING).unwrap_or(Timestamp::MIN);
        turns(&room.segments, at).saturating_sub(self.lapsed)
    }

    /// The time at which it is the turn of a place, if the rate stays.
    pub fn expected_at(&self, room: &StoredRoom, place: u64) -> Option<Timestamp> {
        let turn = instant_of(&room.segments, place.saturating_add(self.lapsed))?;
        turn.checked_add(CLOSING).ok()
    }
}

fn sum(parts: &[u32]) -> u64 {
    parts.iter().map(|&people| u64::from(people)).sum()
}

#[cfg(test)]
mod tests;
