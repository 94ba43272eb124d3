//! A place, by whose clocks and calendar something is meant.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A timezone of the IANA database (`Asia/Seoul`), whose rules are part of the program: Lambda's image has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, max_length = 64, examples("Asia/Seoul"))]
pub struct Timezone(TimeZone);

/// The text is not the name of a [`Timezone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a timezone is a name of the IANA database, as Asia/Seoul")]
pub struct NotATimezone;

impl Timezone {
    /// The timezone called `name`, in whichever case.
    ///
    /// # Errors
    /// [`NotATimezone`] when the database has none of that name.
    pub fn parse(name: &str) -> Result<Self, NotATimezone> {
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| NotATimezone)?;
        if rules.is_unknown() || rules.iana_name().is_none() {
            return Err(NotATimezone);
        }
        Ok(Self(rules))
    }

    /// Its name, as the database writes it.
    pub fn as_str(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// The instant at which clocks there show `local`, by RFC 5545 §3.3.5 where none or two do; beyond the calendar, its
    /// end.
    pub(crate) fn instant(&self, local: DateTime) -> Timestamp {
        self.0.to_timestamp(local).unwrap_or(Timestamp::MAX)
    }

    /// The date that the calendar there shows at `instant`.
    pub(crate) fn date(&self, instant: Timestamp) -> Date {
        self.0.to_datetime(instant).date()
    }

    #[cfg(test)]
    pub(crate) const fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl TryFrom<String> for Timezone {
    type Error = NotATimezone;

    fn try_from(name: String) -> Result<Self, NotATimezone> {
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
    fn a_timezone_is_one_of_the_iana_database() {
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
            assert_eq!(Timezone::parse(bad), Err(NotATimezone), "{bad}");
        }
    }

    #[test]
    fn json_keeps_a_timezone_by_its_name() {
        let seoul = Timezone::parse("asia/seoul").unwrap();
        assert_eq!(serde_json::to_string(&seoul).unwrap(), r#""Asia/Seoul""#);
        assert_eq!(serde_json::from_str::<Timezone>(r#""Asia/Seoul""#).unwrap(), seoul);
    }
}
