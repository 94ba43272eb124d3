//! Turns: how many places may enter is a function of time, so nobody has to count while people wait.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A rate from a time on, until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RateSegment {
    /// The time from which it counts.
    pub from: Timestamp,
    /// The people a minute. 0: nobody.
    #[schema(minimum = 0, maximum = 600_000, examples(6000))]
    pub rate_per_minute: u32,
}

/// The part of a sum of [`gained`] that makes one turn: a rate is of people a minute, and time is in milliseconds.
pub const TURN: u128 = 60_000;

/// The whole turns that `segments`, by their times, give until `at`.
pub fn turns(segments: &[RateSegment], at: Timestamp) -> u64 {
    u64::try_from(gained(segments, at) / TURN).unwrap_or(u64::MAX)
}

/// The turns that `segments`, by their times, give until `at`, in parts of which [`TURN`] make one.
pub fn gained(segments: &[RateSegment], at: Timestamp) -> u128 {
    let gained = segments.iter().enumerate().map(|(nth, segment)| {
        let next = segments.get(nth + 1).map(|next| next.from);
        let end = next.map_or(at, |next| next.min(at));
        u128::from(segment.rate_per_minute) * milliseconds(segment.from, end)
    });
    gained.sum()
}

/// The first instant, to the millisecond, at which `segments` have [`gained`] this much. `None` if the last rate is 0 and they never
/// do.
pub fn instant_of(segments: &[RateSegment], gained: u128) -> Option<Timestamp> {
    let mut missing = gained;
    for (nth, segment) in segments.iter().enumerate() {
        let rate = u128::from(segment.rate_per_minute);
        let gained = segments
            .get(nth + 1)
            .map(|next| rate * milliseconds(segment.from, next.from));
        if gained.is_none_or(|gained| missing <= gained) {
            if missing == 0 {
                return Some(segment.from);
            }
            let wait = (rate > 0).then(|| missing.div_ceil(rate))?;
            let wait = i64::try_from(wait).ok().map(SignedDuration::from_millis)?;
            return segment.from.checked_add(wait).ok();
        }
        missing -= gained.unwrap_or_default();
    }
    None
}

fn milliseconds(from: Timestamp, to: Timestamp) -> u128 {
    u128::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    fn segments(rates: &[(i64, u32)]) -> Vec<RateSegment> {
        let segment = |&(from, rate_per_minute)| RateSegment {
            from: at(from),
            rate_per_minute,
        };
        rates.iter().map(segment).collect()
    }

    #[test]
    fn turns_are_the_sum_of_rate_and_time() {
        let rates = segments(&[(0, 60_000), (10_000, 30_000), (20_000, 0), (30_000, 60)]);
        for (ms, expected) in [
            (-5000, 0),
            (0, 0),
            (1, 1),
            (9999, 9999),
            (10_000, 10_000),
            (10_002, 10_001),
            (20_000, 15_000),
            (29_999, 15_000),
            (30_999, 15_000),
            (31_000, 15_001),
        ] {
            assert_eq!(turns(&rates, at(ms)), expected, "{ms}");
        }
        assert_eq!(instant_of(&rates, 15_001 * TURN), Some(at(31_000)));
        assert_eq!(instant_of(&rates[..3], 15_001 * TURN), None, "the rate is 0");
    }

    proptest! {
        #[test]
        fn the_instant_of_a_turn_is_the_first_one_that_has_it(
            rates in prop::collection::vec((0..200_000_i64, 0..100_000_u32), 1..6),
            wanted in 0..200_000_u64,
        ) {
            let mut rates = rates;
            rates.sort_by_key(|(from, _)| *from);
            rates.dedup_by_key(|(from, _)| *from);
            let rates = segments(&rates);
            if let Some(instant) = instant_of(&rates, u128::from(wanted) * TURN) {
                prop_assert!(turns(&rates, instant) >= wanted);
                let before = instant.checked_sub(SignedDuration::from_millis(1)).unwrap();
                prop_assert!(wanted == 0 || turns(&rates, before) < wanted);
            } else {
                prop_assert!(turns(&rates, at(1_000_000_000)) < wanted);
            }
        }
    }
}
