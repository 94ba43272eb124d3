//! Timezones of the IANA database.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A timezone of the IANA database (`Asia/Seoul`). The rules are part of the program, since Lambda's image has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, max_length = 64, pattern = "^[A-Za-z0-9_+/-]+$", examples("Asia/Seoul"))]
pub struct Timezone(TimeZone);

/// The instants at which the clocks of a timezone show a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalInstants {
    /// No instant: the clocks are set forward over this time.
    Skipped,
    /// One instant.
    Once(Timestamp),
    /// Two instants, with their offsets: the clocks are set back to before this time.
    Twice([(Offset, Timestamp); 2]),
}

/// The text is not the name of a [`Timezone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a timezone is a name of the IANA database, such as Asia/Seoul")]
pub struct InvalidTimezone;

impl Timezone {
    /// Finds a timezone by name, ignoring case.
    ///
    /// # Errors
    /// [`InvalidTimezone`] when the database does not have the name.
    pub fn parse(name: &str) -> Result<Self, InvalidTimezone> {
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| InvalidTimezone)?;
        if rules.is_unknown() || rules.iana_name().is_none() {
            return Err(InvalidTimezone);
        }
        Ok(Self(rules))
    }

    /// The timezone's name in the database.
    pub fn as_str(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// The instant of a local time. RFC 5545 §3.3.5 resolves skipped and repeated times. After the end of the calendar, its
    /// last instant.
    pub fn instant(&self, local: DateTime) -> Timestamp {
        self.0.to_timestamp(local).unwrap_or(Timestamp::MAX)
    }

    /// The instants of a local time, by the rules of its very date. None after the end of the calendar.
    pub fn instants(&self, local: DateTime) -> Option<LocalInstants> {
        let at = |offset: Offset| offset.to_timestamp(local).ok();
        Some(match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Gap { .. } => LocalInstants::Skipped,
            AmbiguousOffset::Unambiguous { offset } => LocalInstants::Once(at(offset)?),
            AmbiguousOffset::Fold { before, after } => {
                LocalInstants::Twice([(before, at(before)?), (after, at(after)?)])
            }
        })
    }

    /// The local date and time at `instant`.
    pub fn local(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.0.clone())
    }

    /// The local date at `instant`.
    pub fn date(&self, instant: Timestamp) -> Date {
        self.0.to_datetime(instant).date()
    }

    #[cfg(test)]
    pub(crate) const fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl TryFrom<String> for Timezone {
    type Error = InvalidTimezone;

    fn try_from(name: String) -> Result<Self, InvalidTimezone> {
        Self::parse(&name)
    }
}

impl From<Timezone> for String {
    fn from(timezone: Timezone) -> Self {
        timezone.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timezone_is_a_name_of_the_iana_database() {
        for (text, name) in [
            ("Asia/Seoul", "Asia/Seoul"),
            ("america/new_york", "America/New_York"),
            ("Asia/Calcutta", "Asia/Calcutta"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(Timezone::parse(text).unwrap().as_str(), name);
        }
        for bad in [
            "",
            "Asia",
            "Mars/Olympus",
            "+09:00",
            "EST5EDT,M3.2.0,M11.1.0",
            "Etc/Unknown",
            "../etc/passwd",
        ] {
            assert_eq!(Timezone::parse(bad), Err(InvalidTimezone), "{bad}");
        }
    }

    #[test]
    fn a_timezone_is_serialized_as_its_name() {
        let seoul = Timezone::parse("asia/seoul").unwrap();
        assert_eq!(serde_json::to_string(&seoul).unwrap(), r#""Asia/Seoul""#);
        assert_eq!(serde_json::from_str::<Timezone>(r#""Asia/Seoul""#).unwrap(), seoul);
    }
}
