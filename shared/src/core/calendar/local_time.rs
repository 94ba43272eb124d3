//! Local times: a date and a time of day as a clock shows them, without a timezone.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A date and a time of day to the second, as a clock shows them: exactly `2026-03-07T19:00:00`. An offset or a timezone is
/// refused, since it would say something about the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(
    value_type = String,
    min_length = 19,
    max_length = 19,
    pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$",
    examples("2026-03-07T19:00:00")
)]
pub struct LocalTime(DateTime);

/// The text is not a [`LocalTime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a local time is a date and a time to the second, such as 2026-03-07T19:00:00, without an offset or a timezone"
)]
pub struct InvalidLocalTime;

impl LocalTime {
    /// The date and the time of day.
    pub const fn date_time(self) -> DateTime {
        self.0
    }
}

impl FromStr for LocalTime {
    type Err = InvalidLocalTime;

    fn from_str(text: &str) -> Result<Self, InvalidLocalTime> {
        let read: DateTime = text.parse().map_err(|_| InvalidLocalTime)?;
        // jiff also reads a bare date, and ignores an offset or a timezone. Each local time has one text.
        let is_exact = text.len() == "YYYY-MM-DDTHH:MM:SS".len() && read.to_string() == text;
        is_exact.then_some(Self(read)).ok_or(InvalidLocalTime)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

impl TryFrom<String> for LocalTime {
    type Error = InvalidLocalTime;

    fn try_from(text: String) -> Result<Self, InvalidLocalTime> {
        text.parse()
    }
}

impl From<LocalTime> for String {
    fn from(local: LocalTime) -> Self {
        local.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_has_one_text_and_no_offset() {
        for good in ["2026-03-07T19:00:00", "2028-02-29T23:59:59", "0001-01-01T00:00:00"] {
            assert_eq!(good.parse::<LocalTime>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "2026-03-07",
            "2026-03-07T19:00",
            "2026-03-07 19:00:00",
            "2026-03-07t19:00:00",
            "20260307T190000",
            "2026-03-07T19:00:00Z",
            "2026-03-07T19:00:00+00:00",
            "2026-03-07T19:00:00+09:00",
            "2026-03-07T19:00:00[Asia/Seoul]",
            "2026-03-07T19:00:00+09:00[Asia/Seoul]",
            "2026-03-07T19:00:00.5",
            "2026-03-07T19:00:60",
            "2026-02-29T19:00:00",
            "-009999-01-01T00:00:00",
        ] {
            assert_eq!(bad.parse::<LocalTime>(), Err(InvalidLocalTime), "{bad}");
        }
    }
}
