//! The line of those who wait: their places, and whose turn it is.
//!
//! Within a part of the numbers, a place is where the draw is expected: a few people may share one.

use jiff::{SignedDuration, Timestamp};

use crate::calls::{Calls, GRACE, LateLimit, Round, SETTLED};
use crate::lottery::{Bucket, Draw, second_at};
use crate::numbers::{EARLY_BITS, LATER_BITS, LATER_PARTS, Numbers, sum};
use crate::room::{CLOSING, StoredRoom};
use crate::turns::{gained, instant_of};

/// The line, as far as its buckets are closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The numbers that were read. Those of seconds that are not closed may change.
    numbers: Numbers,
    /// The people of all closed buckets.
    pub joined: u64,
    /// The places that are called.
    pub calls: Calls,
    /// The rounds that are in the calls: one more than the seconds that are closed.
    rounds: u32,
    /// The sum that the rates had gained by the last round.
    gained: u128,
    /// The people before each second.
    before: Vec<u64>,
}

/// Whether a customer may enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The place is not called.
    Later,
    /// It was called in this round, a moment ago.
    InTime(u32),
    /// It was called longer ago. The limit is for all late ones together.
    Late(LateLimit),
}

impl Line {
    /// The line when `closed` seconds are closed.
    pub fn of(numbers: Numbers, room: &StoredRoom, closed: u32) -> Self {
        let mut line = Self {
            numbers,
            ..Self::default()
        };
        line.advance(room, closed);
        line
    }

    /// The seconds that are closed. `None` before the early bucket is.
    pub const fn closed(&self) -> Option<u32> {
        self.rounds.checked_sub(1)
    }

    /// The numbers that were read.
    pub const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Takes over numbers that were read: those from the minute `first` on, or all. If a number that has counted is another one now,
    /// because it was stored late, the line begins again: it becomes that of a function that has just started.
    pub fn read(&mut self, read: Numbers, first: Option<u32>) {
        let is_same = self
            .closed()
            .is_none_or(|closed| self.has_counted(&read, first, closed));
        match first {
            Some(first) => self.numbers.replace(first, read),
            None => self.numbers = read,
        }
        if !is_same {
            self.begin_again();
        }
    }

    /// Whether the rounds so far have counted these numbers, which are from the minute `first` on.
    fn has_counted(&self, read: &Numbers, first: Option<u32>, closed: u32) -> bool {
        let from = first.unwrap_or_default() * 60;
        (first.is_some() || read.early == self.numbers.early)
            && (from..closed).all(|second| {
                read.joined(second) == self.numbers.joined(second) && read.late(second) == self.numbers.late(second)
            })
            && (from..(closed + 1).saturating_sub(SETTLED))
                .all(|round| read.in_time(round) == self.numbers.in_time(round))
    }

    fn begin_again(&mut self) {
        *self = Self {
            numbers: std::mem::take(&mut self.numbers),
            ..Self::default()
        };
    }

    /// Goes on until `closed` seconds are closed. Their numbers are read.
    pub fn advance(&mut self, room: &StoredRoom, closed: u32) {
        let until = |second| gained(&room.segments, second_at(room.opens_at, second));
        // A rate was stored late, too.
        if self.closed().is_some_and(|last| until(last) != self.gained) {
            self.begin_again();
        }
        while self.rounds <= closed {
            let nth = self.rounds;
            let last = nth.checked_sub(1);
            let joined = last.map_or(&self.numbers.early[..], |last| self.numbers.joined(last));
            if last.is_some() {
                self.before.push(self.joined);
            }
            self.joined += sum(joined);
            let gained = until(nth);
            self.calls.run(&Round {
                nth,
                gained: gained - self.gained,
                joined: self.joined,
                came: nth.checked_sub(SETTLED).map_or(0, |round| self.numbers.in_time(round)),
                late: last.map_or(0, |last| self.numbers.late(last)),
            });
            self.gained = gained;
            self.rounds += 1;
        }
    }

    /// The place of a customer, from 1. `None` while the bucket is open.
    pub fn place(&self, bucket: Bucket, draw: Draw) -> Option<u64> {
        let within = |bits: u32, parts: &[u32]| {
            let part = draw.part(bits);
            let before = sum(parts.get(..part).unwrap_or_default());
            before + draw.share(bits, parts.get(part).copied().unwrap_or_default())
        };
        match bucket {
            Bucket::Early => self.closed().map(|_| 1 + within(EARLY_BITS, &self.numbers.early)),
            Bucket::Second(second) => {
                let (before, parts) = self.second(second)?;
                Some(1 + before + within(LATER_BITS, &parts))
            }
        }
    }

    /// The people of the buckets before a second, and those who joined in it, by parts. `None` while it is open.
    pub fn second(&self, second: u32) -> Option<(u64, [u32; LATER_PARTS])> {
        let before = usize::try_from(second)
            .ok()
            .and_then(|second| self.before.get(second))?;
        Some((*before, *self.numbers.joined(second)))
    }

    /// Whether a customer with this place may enter at `now`.
    pub fn turn(&self, room: &StoredRoom, place: u64, now: Timestamp) -> Turn {
        let Some(round) = self.calls.round_of(place) else {
            return Turn::Later;
        };
        if now < grace_ends_at(room.opens_at, round) {
            return Turn::InTime(round);
        }
        let second = self.rounds.saturating_add(1);
        // After its last round, a room is paused for good.
        let is_present = now < Bucket::Second(second).ends_at(room.opens_at);
        let may_enter = is_present && self.calls.late_after_ms(place, room.rate()).is_none();
        let most = if may_enter { self.calls.late_limit() } else { 0 };
        Turn::Late(LateLimit { second, most })
    }

    /// When a late customer who is refused at `now` may try again, a second later or more: when those who were called before have been
    /// called again, or spread over the time that all who may enter need. `None` while the room is paused.
    pub fn late_expected_at(&self, room: &StoredRoom, (place, draw): (u64, Draw), now: Timestamp) -> Option<Timestamp> {
        let rate = Some(room.rate()).filter(|&rate| rate > 0)?;
        // Another share each second, so that nobody is always the last.
        let share = || Draw(draw.0.rotate_left(self.rounds)).spread(self.calls.late_ms(rate));
        let wait = self.calls.late_after_ms(place, rate).unwrap_or_else(|| 1000 + share());
        let wait = SignedDuration::from_millis(i64::try_from(wait).unwrap_or(i64::MAX));
        now.checked_add(wait).ok()
    }

    /// The time at which it was the turn of a place, or at which it is, if the rate and the share of those who come stay. `None` for
    /// one that is not called while the room is paused.
    pub fn expected_at(&self, room: &StoredRoom, place: u64) -> Option<Timestamp> {
        if let Some(round) = self.calls.round_of(place) {
            return Some(called_at(room.opens_at, round));
        }
        if room.rate() == 0 {
            return None;
        }
        let last = self.closed()?;
        let given = gained(&room.segments, second_at(room.opens_at, last));
        let missing = self.calls.missing(place, last, u128::from(room.rate()) * 1000);
        let instant = instant_of(&room.segments, given + missing)?;
        let ms = instant.as_millisecond() - room.opens_at.as_millisecond();
        let round = u32::try_from((ms + 999).div_euclid(1000)).unwrap_or(u32::MAX);
        Some(called_at(room.opens_at, round.max(last.saturating_add(1))))
    }
}

/// The time at which a round calls.
pub fn called_at(opens_at: Timestamp, round: u32) -> Timestamp {
    let at = second_at(opens_at, round).checked_add(CLOSING);
    at.unwrap_or(Timestamp::MAX)
}

/// The time from which those whom a round called are late.
pub fn grace_ends_at(opens_at: Timestamp, round: u32) -> Timestamp {
    let grace = SignedDuration::from_secs(GRACE.into());
    called_at(opens_at, round).checked_add(grace).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
pub mod tests;
