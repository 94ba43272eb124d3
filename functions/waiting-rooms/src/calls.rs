//! The calls: how many places may enter. A function of the rates, and of the joins and entries of closed seconds, so all functions
//! and caches tell the same, no job counts, and nothing is written while people wait.
//!
//! A round is a second. Round `n` begins two seconds after the second `n` of the room, when the seconds before it are closed, and
//! calls as many places as there are turns. Turns come from the rates, and back from those who were called and did not come:
//!
//! - Whoever enters within [`GRACE`] seconds of the call is in time, and counted with the round that called. Two seconds later that
//!   number stays, and the turns of the others come back.
//! - Turns come back at most at twice the rate, so no round calls more than three times the rate. A room that is paused calls nobody.
//! - Whoever enters later is late, and uses a turn as well. The late ones of a second are limited, and may borrow turns of about three
//!   seconds: those who are called later are fewer then.
//! - Nothing comes back while nobody enters at all: then the shop does not answer, and its customers are not absent. Those who were
//!   called meanwhile enter late in the order of their calls: a mark moves over them, in each second by the turns of the rate, and by
//!   those that late ones did not use. Only those whom it has passed may enter.
//! - Turns that nobody waits for lapse, but for one.
//!
//! Invariant: all who entered, all who can enter in time, and all late ones that the present limits allow are together not more than
//! the turns that the rates have given and the turns that can be borrowed. So whatever customers do, not more enter.

use crate::lottery::Draw;
use crate::numbers::LATER_PARTS;
use crate::turns::TURN;

/// The seconds after the call within which a customer is in time. A page looks every two or three seconds at a status that is two
/// seconds old at most.
pub const GRACE: u32 = 7;
/// The number of rounds after which the number of those who were in time is known: they may be stored two seconds after
/// the last moment.
pub const SETTLED: u32 = GRACE + 2;
/// How many are called in a row, of whom nobody comes, before it is the shop that is at fault.
const SILENCE: u64 = 20;
/// The rounds whose calls tell how fast places are called at the moment.
const RECENT: u32 = 10;
/// The longest time after which a late customer is told to try again: many of the others may have left.
const LONGEST_WAIT_MS: u64 = 60_000;
/// How much slower than the rate the mark of the late ones moves while nobody enters. It does not stop: the first ones may have left.
const SILENT_PACE: i128 = 8;
/// The seconds of the rate by which it is ahead: a page looks every two or three seconds.
const AHEAD: i128 = 5;
/// The late ones for whom one item of numbers is enough.
const LATE_PER_PART: u64 = 8;

/// The late ones who may enter in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateLimit {
    /// The second, counted from the opening.
    pub second: u32,
    /// The largest number of late ones who may enter in it.
    pub most: u64,
}

/// The state at the beginning of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The round's number.
    pub nth: u32,
    /// The sum that the rates have [gained](crate::turns::gained) since the round before.
    pub gained: u128,
    /// All who have joined in closed seconds.
    pub joined: u64,
    /// Those who entered in time, of the round [`SETTLED`] rounds ago.
    pub came: u64,
    /// The late ones of the second before this one's number.
    pub late: u64,
}

/// The calls of all rounds until the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The places that are called.
    called: u64,
    /// The rounds that called somebody.
    history: Vec<Called>,
    /// How many of them are settled: it is known how many were in time.
    settled: usize,
    /// All who were called and did not come in time, of settled rounds.
    missed: u64,
    /// Those of them, the last ones, whom the mark has not passed, in parts of a turn: they were called while nobody entered.
    unanswered: i128,
    /// The turns that are not used, in parts of a turn. Negative: they are borrowed.
    credit: i128,
    /// The turns that come back in the next rounds, in parts of a turn.
    returning: i128,
    /// Those who were called, did not come in time, and have not entered late. Some have left.
    absent: u64,
    /// The number of places that were called since somebody came.
    silence: u64,
    /// The late ones that the last two rounds allow, the newest first. With the next one's, they are those who are not counted yet.
    late: [u64; 2],
}

/// A round that called somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Called {
    round: u32,
    /// The places that are called by then.
    places: u64,
    /// All who were called by then and did not come in time, when it is settled.
    missed: u64,
}

impl Calls {
    /// The places that may enter: this one and those before it.
    pub const fn called(&self) -> u64 {
        self.called
    }

    /// The round that called a place. `None` for one that is not called.
    pub fn round_of(&self, place: u64) -> Option<u32> {
        self.history.get(self.index_of(place)).map(|called| called.round)
    }

    fn index_of(&self, place: u64) -> usize {
        self.history.partition_point(|called| called.places < place)
    }

    /// The late ones that the last round allows.
    pub const fn late_limit(&self) -> u64 {
        self.late[0]
    }

    /// About how long it takes until all late ones who may enter have entered, in milliseconds, at a rate a minute that is not 0: one
    /// second at least.
    pub fn late_ms(&self, rate_per_minute: u32) -> u64 {
        let unanswered = u64::try_from(self.unanswered / TURN.cast_signed()).unwrap_or_default();
        let people = self.absent.saturating_sub(unanswered);
        let ms = people.saturating_mul(60_000) / u64::from(rate_per_minute.max(1));
        ms.clamp(1000, LONGEST_WAIT_MS)
    }

    /// About how long it takes until a late customer may enter, in milliseconds, at a rate a minute that is not 0. `None` for one whom the
    /// mark has passed.
    pub fn late_after_ms(&self, place: u64, rate_per_minute: u32) -> Option<u64> {
        let rate = i128::from(rate_per_minute.max(1));
        let turn = TURN.cast_signed();
        let ahead = match self.index_of(place).checked_sub(1) {
            None => 0,
            Some(before) if before < self.settled => self.history.get(before).map_or(0, |called| called.missed),
            Some(_) => self.missed,
        };
        let reached = i128::from(self.missed) * turn - self.unanswered + AHEAD * 1000 * rate + turn;
        let missing = i128::from(ahead) * turn - reached;
        (missing > 0).then(|| {
            u64::try_from(missing / rate)
                .unwrap_or(u64::MAX)
                .clamp(1000, LONGEST_WAIT_MS)
        })
    }

    /// Runs the next round.
    pub fn run(&mut self, round: &Round) {
        let turn = TURN.cast_signed();
        let gained = round.gained.cast_signed();
        if let Some(settled) = round.nth.checked_sub(SETTLED) {
            self.settle(settled, round.came);
        }
        self.absent = self.absent.saturating_sub(round.late);
        if round.late > 0 {
            self.silence = 0;
        }
        let passed = match self.is_silent() {
            true => gained / SILENT_PACE,
            false => (2 * gained - i128::from(round.late) * turn).max(0),
        };
        self.unanswered = (self.unanswered - passed).max(0);
        let back = self.returning.min(2 * gained);
        // Where the rate is low, a turn comes back over several rounds. What is more than that does not pile up.
        self.returning = (self.returning - back).min(2 * gained + turn);
        self.credit += gained + back - i128::from(round.late) * turn;
        let wait = round.joined.saturating_sub(self.called);
        let turns = u64::try_from(self.credit.max(0) / turn).unwrap_or(u64::MAX);
        if round.gained > 0 && wait.min(turns) > 0 {
            self.called += wait.min(turns);
            self.credit -= i128::from(wait.min(turns)) * turn;
            self.history.push(Called {
                round: round.nth,
                places: self.called,
                missed: 0,
            });
        }
        if self.called >= round.joined {
            self.credit = self.credit.min(turn);
        }
        self.late = [self.late_now(gained), self.late[0]];
    }

    /// The turns of those whom a round called and who did not come are free again. Customers who share a place may be more than the places.
    fn settle(&mut self, round: u32, came: u64) {
        let called = self.called_in(round);
        self.absent = (self.absent + called).saturating_sub(came);
        self.silence = if came > 0 { 0 } else { self.silence + called };
        let absent = (i128::from(called) - i128::from(came)) * TURN.cast_signed();
        if absent < 0 {
            self.credit += absent;
        } else if self.is_silent() {
            self.unanswered += absent;
        } else {
            self.returning += absent;
        }
        self.missed += called.saturating_sub(came);
        if let Some(next) = self.history.get_mut(self.settled).filter(|next| next.round == round) {
            next.missed = self.missed;
            self.settled += 1;
        }
    }

    /// Whether nobody has come for so long that it is the shop that does not answer.
    const fn is_silent(&self) -> bool {
        self.silence > SILENCE
    }

    /// The late ones of a round: those of its turns, as far as all that are not counted yet can be borrowed.
    fn late_now(&self, gained: i128) -> u64 {
        let turn = TURN.cast_signed();
        if gained == 0 {
            return 0;
        }
        let lent = 3 * gained + turn + self.credit.min(0);
        let lent = u64::try_from(lent / turn).unwrap_or_default();
        let own = u64::try_from((gained + turn - 1) / turn).unwrap_or(u64::MAX);
        own.min(lent.saturating_sub(self.late[0] + self.late[1]))
    }

    /// The places that were called by a round.
    fn called_by(&self, round: u32) -> u64 {
        let nth = self.history.partition_point(|called| called.round <= round);
        let last = nth.checked_sub(1).and_then(|nth| self.history.get(nth));
        last.map_or(0, |called| called.places)
    }

    fn called_in(&self, round: u32) -> u64 {
        self.called_by(round) - round.checked_sub(1).map_or(0, |before| self.called_by(before))
    }

    /// The sum that the rates have to gain until a place is called, if as many come back as in the last rounds. `present` is what they gain
    /// in a second, and `last` the last round.
    pub fn missing(&self, place: u64, last: u32, present: u128) -> u128 {
        let missing = i128::from(place.saturating_sub(self.called)) * TURN.cast_signed() - self.credit;
        let missing = u128::try_from(missing).unwrap_or_default();
        let recent = self.called - self.called_by(last.saturating_sub(RECENT));
        let (fast, rate) = (u128::from(recent) * TURN, present * u128::from(RECENT));
        if present > 0 && fast > rate {
            (missing * rate).div_ceil(fast)
        } else {
            missing
        }
    }
}

impl LateLimit {
    /// The part of the numbers in which a customer is counted, and how many are allowed there. In the next second it is another one.
    pub fn part(self, draw: Draw) -> (usize, u64) {
        let parts = (self.most / LATE_PER_PART).clamp(1, LATER_PARTS as u64);
        let nth = (draw.spread(parts) + u64::from(self.second)) % parts;
        (usize::try_from(nth).unwrap_or_default(), self.most / parts)
    }
}

/// The parts of the numbers in which no more late customers are counted, in the last second of which that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FullParts {
    second: u32,
    /// A bit for each part.
    parts: u16,
}

impl FullParts {
    /// Remembers that a part is full.
    pub const fn fill(&mut self, second: u32, part: usize) {
        if second > self.second {
            *self = Self { second, parts: 0 };
        }
        if second == self.second {
            self.parts |= 1 << part;
        }
    }

    /// Whether a part is known to be full.
    pub const fn has(self, second: u32, part: usize) -> bool {
        second == self.second && (self.parts >> part) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_neighbours_share_the_whole_limit() {
        let limit = LateLimit { second: 40, most: 200 };
        // Draws that differ in their last bits only.
        let mut people = [0_u64; LATER_PARTS];
        for nth in 0..200 {
            let (part, most) = limit.part(Draw(0x7777_0000_0000_0000 + nth));
            people[part] += 1;
            assert_eq!(most, 12);
        }
        let entered: u64 = people.iter().map(|&people| people.min(12)).sum();
        assert!(entered >= 190, "{entered} of 200");
        assert_eq!(LateLimit { second: 40, most: 7 }.part(Draw(5)), (0, 7));
    }

    #[test]
    fn a_full_part_leaves_the_others_open_and_ends_with_its_second() {
        let mut full = FullParts::default();
        full.fill(40, 3);
        full.fill(40, 15);
        assert!(full.has(40, 3) && full.has(40, 15) && !full.has(40, 4) && !full.has(41, 3));
        full.fill(41, 4);
        full.fill(40, 5);
        assert!(full.has(41, 4) && !full.has(41, 3) && !full.has(41, 5));
    }
}
