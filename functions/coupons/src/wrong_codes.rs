//! How many wrong codes a customer has sent. It protects codes from being guessed, and tells guessers little.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The wrong codes of a customer, in the hour that began with the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongCodes {
    /// The number of wrong codes.
    pub wrong: u32,
    /// The end of the hour, in Unix milliseconds.
    pub until_ms: i64,
    /// The last one, by the name that it has for the customer. Sent again, it is a retry and not another guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Uuid>,
}

impl WrongCodes {
    /// The time for which wrong codes count.
    pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
    /// After so many wrong codes, none is looked at until the hour is over.
    pub const LIMIT: u32 = 10;
    /// So many wrong codes are answered with the reason. The rest only with that they are wrong.
    pub const EXPLAINED: u32 = 3;

    /// Whether the hour is not over at `now`.
    pub fn counts_at(self, now: Timestamp) -> bool {
        now.as_millisecond() < self.until_ms
    }

    /// Whether the code that was `sent` is the last one, which counts already.
    pub fn has_counted(self, sent: Uuid, now: Timestamp) -> bool {
        self.counts_at(now) && self.last == Some(sent)
    }

    /// The time from which a code is looked at again. `None` if one is looked at now.
    pub fn locked_until(self, now: Timestamp) -> Option<Timestamp> {
        let is_locked = self.counts_at(now) && self.wrong >= Self::LIMIT;
        is_locked.then(|| Timestamp::from_millisecond(self.until_ms).unwrap_or(Timestamp::MAX))
    }

    /// Whether the newest of the wrong codes is answered with the reason.
    pub const fn explains(self) -> bool {
        self.wrong <= Self::EXPLAINED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_wrong_code_locks_until_the_hour_is_over() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let wrong = |wrong| WrongCodes {
            wrong,
            until_ms: 1000,
            last: None,
        };
        assert_eq!(wrong(9).locked_until(at(999)), None);
        assert_eq!(wrong(10).locked_until(at(999)), Some(at(1000)));
        assert_eq!(wrong(10).locked_until(at(1000)), None);
        assert_eq!((wrong(3).explains(), wrong(4).explains()), (true, false));
    }

    #[test]
    fn the_last_code_counts_already_until_the_hour_is_over() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let wrong = WrongCodes {
            wrong: 1,
            until_ms: 1000,
            last: Some(one),
        };
        assert!(wrong.has_counted(one, at(999)));
        assert!(!wrong.has_counted(two, at(999)) && !wrong.has_counted(one, at(1000)));
        assert!(!WrongCodes::default().has_counted(one, at(0)));
    }
}
