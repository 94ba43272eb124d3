//! The calendar of what recurs: on which local date, and at which instant, each period falls due.
//!
//! Invariant: a period is found from the anchor and its number alone, never from the period before it. So the 31st comes
//! back after a short month, and nobody who counts anew, late or twice, finds another date.

mod interval;
mod timezone;

pub use interval::{Interval, NotAnInterval, Unit};
pub use timezone::{NotATimezone, Timezone};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When something recurs: from an anchor on, every so often, at a time of day by the clocks of a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The local date of period 0; its day is that of all others, as far as their months have it.
    #[schema(value_type = String, format = Date, examples("2026-01-31"))]
    pub anchor: Date,
    /// The local time of day at which each period falls due.
    #[schema(value_type = String, examples("09:00:00"))]
    pub time: Time,
    /// The place whose clocks count.
    pub timezone: Timezone,
    /// How often.
    pub interval: Interval,
}

impl Schedule {
    /// The local date of period `n`: the anchor's day, or the last one of a month that does not have it.
    ///
    /// The date is that of the calendar, whatever clocks do on it. With the year 9999 the calendar ends: no date is later.
    pub fn date(&self, n: u32) -> Date {
        self.interval.after(self.anchor, n).unwrap_or(Date::MAX)
    }

    /// The instant at which period `n` falls due.
    ///
    /// Where clocks change, RFC 5545 §3.3.5 holds, as in every calendar: a time of day that is left out is read with the
    /// offset from before, so 02:30 becomes 03:30 when an hour is left out; one that comes twice is meant the first time.
    /// Periods follow one another; two share an instant only where a place left out a whole day (Samoa, 2011-12-30).
    pub fn nth(&self, n: u32) -> Timestamp {
        self.timezone.instant(self.date(n).to_datetime(self.time))
    }

    /// The first period that falls due at `instant` or after it.
    pub fn first_from(&self, instant: Timestamp) -> u32 {
        self.first(|n| self.nth(n) >= instant)
    }

    /// The first period on the local date of `instant` or on a later one.
    pub fn first_on_date_of(&self, instant: Timestamp) -> u32 {
        let today = self.timezone.date(instant);
        self.first(|n| self.date(n) >= today)
    }

    /// The first period of which `holds` is true, by bisection: what holds for one holds for all later ones.
    fn first(&self, holds: impl Fn(u32) -> bool) -> u32 {
        let (mut first, mut end) = (0, u32::MAX);
        while first < end {
            let middle = first + (end - first) / 2;
            if holds(middle) {
                end = middle;
            } else {
                first = middle + 1;
            }
        }
        first
    }
}

#[cfg(test)]
mod tests;
