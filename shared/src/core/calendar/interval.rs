//! The interval of a schedule.

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The unit of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unit {
    /// A day of the calendar, whether it has 23, 24 or 25 hours.
    Day,
    /// Seven days.
    Week,
    /// A calendar month. In a shorter month, its last day.
    Month,
    /// A calendar year. 29 February becomes 28 February in common years.
    Year,
}

/// A number of units, at most three years: the limit of Stripe's recurring prices (`recurring.interval_count`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Unchecked")]
pub struct Interval {
    unit: Unit,
    /// The number of units: at most 1,095 days, 156 weeks, 36 months or 3 years.
    #[schema(minimum = 1, maximum = 1095, examples(1))]
    count: u16,
}

/// The count is out of range for an [`Interval`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an interval is at least 1 unit and at most 1095 days, 156 weeks, 36 months or 3 years")]
pub struct InvalidInterval;

impl Interval {
    /// Creates an interval of `count` units.
    ///
    /// # Errors
    /// [`InvalidInterval`] for zero and for more than three years.
    pub const fn new(unit: Unit, count: u16) -> Result<Self, InvalidInterval> {
        let most = match unit {
            Unit::Day => 1095,
            Unit::Week => 156,
            Unit::Month => 36,
            Unit::Year => 3,
        };
        if count == 0 || count > most {
            return Err(InvalidInterval);
        }
        Ok(Self { unit, count })
    }

    /// The interval's unit.
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// The number of units.
    pub const fn count(self) -> u16 {
        self.count
    }

    /// The date `n` intervals after `anchor`. None when it is after the end of the calendar.
    pub(crate) fn after(self, anchor: Date, n: u32) -> Option<Date> {
        let units = i64::from(n) * i64::from(self.count);
        let span = match self.unit {
            Unit::Day => Span::new().try_days(units),
            Unit::Week => Span::new().try_weeks(units),
            Unit::Month => Span::new().try_months(units),
            Unit::Year => Span::new().try_years(units),
        };
        anchor.checked_add(span.ok()?).ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    unit: Unit,
    count: u16,
}

impl TryFrom<Unchecked> for Interval {
    type Error = InvalidInterval;

    fn try_from(raw: Unchecked) -> Result<Self, InvalidInterval> {
        Self::new(raw.unit, raw.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_at_most_three_years() {
        for (unit, most) in [("DAY", 1095), ("WEEK", 156), ("MONTH", 36), ("YEAR", 3)] {
            let read = |count| serde_json::from_str::<Interval>(&format!(r#"{{"unit":"{unit}","count":{count}}}"#));
            for count in [1, most] {
                assert_eq!(read(count).unwrap().count(), count, "{unit}");
            }
            for count in [0, most + 1] {
                assert!(read(count).is_err(), "{count} {unit}");
            }
        }
        for bad in [
            r#"{"unit":"HOUR","count":1}"#,
            r#"{"unit":"DAY","count":1.5}"#,
            r#"{"unit":"DAY","count":-1}"#,
            r#"{"unit":"DAY"}"#,
            r#"{"unit":"DAY","count":1,"from":2}"#,
        ] {
            assert!(serde_json::from_str::<Interval>(bad).is_err(), "{bad}");
        }
    }
}
