//! Recurring schedules: the local date and the instant at which each period falls due.
//!
//! Invariant: a period's date is computed from the anchor and the period's number alone, never from the previous period.
//! So the 31st returns after a short month, and every computation finds the same date.

mod country_zones;
mod days;
mod interval;
mod local_time;
mod timezone;

pub use interval::{Interval, InvalidInterval, Unit};
pub use local_time::{InvalidLocalTime, LocalTime};
pub use timezone::{InvalidTimezone, LocalInstants, Timezone};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A recurring schedule: an anchor date, an interval, and a local time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Local date of period 0. The other periods fall on the same day, or on the last day of a shorter month.
    #[schema(value_type = String, format = Date, examples("2026-01-31"))]
    pub anchor: Date,
    /// Local time of day at which each period falls due.
    #[schema(value_type = String, pattern = "^[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?$", examples("09:00:00"))]
    pub time: Time,
    /// The time zone of the dates and times.
    pub timezone: Timezone,
    /// Interval between periods.
    pub interval: Interval,
}

impl Schedule {
    /// The local date of period `n`: the anchor's day, or the last day of a shorter month.
    ///
    /// Clock changes do not move the date. The calendar ends with the year 9999: no date is later.
    pub fn date(&self, n: u32) -> Date {
        self.interval.after(self.anchor, n).unwrap_or(Date::MAX)
    }

    /// The instant at which period `n` falls due.
    ///
    /// Clock changes follow RFC 5545 §3.3.5. A skipped local time is read with the offset before the change, so 02:30
    /// becomes 03:30 when an hour is skipped; a repeated local time is the first one. Periods are strictly ascending, except
    /// where a timezone skipped a whole day (Samoa, 2011-12-30): there two share an instant.
    pub fn due_at(&self, n: u32) -> Timestamp {
        self.timezone.instant(self.date(n).to_datetime(self.time))
    }

    /// The first period that falls due at or after `instant`.
    pub fn first_from(&self, instant: Timestamp) -> u32 {
        self.first(|n| self.due_at(n) >= instant)
    }

    /// The last period that falls due at or before `instant`, if there is one.
    pub fn last_due(&self, instant: Timestamp) -> Option<u32> {
        self.first(|n| self.due_at(n) > instant).checked_sub(1)
    }

    /// The first period on or after the local date of `instant`.
    pub fn first_on_date_of(&self, instant: Timestamp) -> u32 {
        let today = self.timezone.date(instant);
        self.first(|n| self.date(n) >= today)
    }

    /// The first period for which `holds` is true, by bisection. `holds` must stay true for all later periods.
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
