//! The providers' time formats.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// Korea has a fixed UTC offset, so no time zone database is needed.
fn in_seoul(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::fixed(Offset::constant(9)))
}

/// Formats as in Toss's objects: `2026-01-01T00:00:00+09:00`.
pub fn with_offset(time: Timestamp) -> String {
    in_seoul(time).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Formats as in Toss's webhooks: `2026-01-01T00:00:00.000000`, in Seoul.
pub fn without_offset(time: Timestamp) -> String {
    in_seoul(time).strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// Formats as KakaoPay does: `2026-01-01T00:00:00`, in Seoul.
pub fn to_the_second(time: Timestamp) -> String {
    in_seoul(time).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted_in_seouls_time_zone() {
        let time: Timestamp = "2026-03-31T15:04:05.678901Z".parse().unwrap();
        assert_eq!(with_offset(time), "2026-04-01T00:04:05+09:00");
        assert_eq!(without_offset(time), "2026-04-01T00:04:05.678901");
        assert_eq!(to_the_second(time), "2026-04-01T00:04:05");
    }
}
