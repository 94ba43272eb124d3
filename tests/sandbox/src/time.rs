//! How the providers write a time.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// Korea keeps one offset all year, so no time zone database is needed.
fn in_seoul(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::fixed(Offset::constant(9)))
}

/// `2026-01-01T00:00:00+09:00`, as in the objects of Toss.
pub fn with_offset(time: Timestamp) -> String {
    in_seoul(time).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `2026-01-01T00:00:00.000000` in Seoul, as in the webhooks of Toss.
pub fn without_offset(time: Timestamp) -> String {
    in_seoul(time).strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// `2026-01-01T00:00:00` in Seoul, as KakaoPay writes it.
pub fn to_the_second(time: Timestamp) -> String {
    in_seoul(time).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_seoul_sees_it() {
        let time: Timestamp = "2026-03-31T15:04:05.678901Z".parse().unwrap();
        assert_eq!(with_offset(time), "2026-04-01T00:04:05+09:00");
        assert_eq!(without_offset(time), "2026-04-01T00:04:05.678901");
        assert_eq!(to_the_second(time), "2026-04-01T00:04:05");
    }
}
