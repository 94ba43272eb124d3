//! Periods that are counted in days of a timezone.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};

use super::Timezone;

impl Timezone {
    /// The end of the calendar day that is `days` after that of `instant`.
    pub fn end_of_day_after(&self, instant: Timestamp, days: u16) -> Timestamp {
        let day = (0..days).fold(self.date(instant), |day, _| next(day));
        self.end_of(day)
    }

    /// The end of the calendar day that is `days` after that of `instant`, where in `zones` it ends last: the day is the latest that it is
    /// in one of them, and it ends when it has ended in all of them. `None` without zones.
    pub fn latest_end_of_day_after(zones: &[Self], instant: Timestamp, days: u16) -> Option<Timestamp> {
        let latest = zones.iter().map(|zone| zone.date(instant)).max()?;
        let day = (0..days).fold(latest, |day, _| next(day));
        zones.iter().map(|zone| zone.end_of(day)).max()
    }

    /// The calendar days from the day of `from` to that of `to`. 0 if that is earlier.
    pub fn days_between(&self, from: Timestamp, to: Timestamp) -> u32 {
        let days = self.date(from).until(self.date(to)).map_or(0, |span| span.get_days());
        u32::try_from(days).unwrap_or(0)
    }

    /// The end of the business day, Monday to Friday, that is `days` after the day of `instant`.
    pub fn end_of_business_day_after(&self, instant: Timestamp, days: u16) -> Timestamp {
        let day = (0..days).fold(self.date(instant), |day, _| {
            let mut day = next(day);
            while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && day < Date::MAX {
                day = next(day);
            }
            day
        });
        self.end_of(day)
    }

    fn end_of(&self, day: Date) -> Timestamp {
        self.instant(next(day).to_datetime(Time::MIN))
    }
}

/// The next day. The calendar ends with the year 9999.
fn next(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seoul() -> Timezone {
        Timezone::parse("Asia/Seoul").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn seven_days_end_with_the_seventh_day_after_the_local_one() {
        // 2026-01-02 in Seoul.
        let end = at("2026-01-10T00:00:00+09:00");
        for instant in [
            "2026-01-02T00:00:00+09:00",
            "2026-01-01T15:00:00Z",
            "2026-01-02T23:59:59+09:00",
        ] {
            assert_eq!(seoul().end_of_day_after(at(instant), 7), end, "{instant}");
        }
        assert_eq!(
            seoul().end_of_day_after(at("2026-01-01T14:59:59Z"), 0),
            at("2026-01-01T15:00:00Z")
        );
    }

    #[test]
    fn business_days_leave_out_saturday_and_sunday() {
        for (instant, end) in [
            // Monday to Thursday.
            ("2026-01-05T10:00:00+09:00", "2026-01-09T00:00:00+09:00"),
            // Friday, Saturday and Sunday to Wednesday.
            ("2026-01-09T10:00:00+09:00", "2026-01-15T00:00:00+09:00"),
            ("2026-01-10T10:00:00+09:00", "2026-01-15T00:00:00+09:00"),
            ("2026-01-11T23:59:00+09:00", "2026-01-15T00:00:00+09:00"),
        ] {
            assert_eq!(seoul().end_of_business_day_after(at(instant), 3), at(end), "{instant}");
        }
    }

    #[test]
    fn a_day_that_a_clock_change_shortens_ends_at_its_midnight() {
        let zone = Timezone::parse("America/New_York").unwrap();
        let end = zone.end_of_day_after(at("2026-03-07T12:00:00-05:00"), 1);
        assert_eq!(end, at("2026-03-09T00:00:00-04:00"));
    }

    #[test]
    fn days_of_several_timezones_end_with_the_latest_of_them() {
        let zones = ["America/New_York", "Pacific/Honolulu"].map(|name| Timezone::parse(name).unwrap());
        // It is the second in New York, and still the first in Honolulu.
        let end = Timezone::latest_end_of_day_after(&zones, at("2026-01-02T01:00:00-05:00"), 7);
        assert_eq!(end, Some(at("2026-01-10T00:00:00-10:00")));
        assert_eq!(
            Timezone::latest_end_of_day_after(&[], at("2026-01-02T01:00:00-05:00"), 7),
            None
        );
    }

    proptest! {
        #[test]
        fn days_of_a_country_end_in_none_of_its_timezones_later(hour in 0..60_000i64, days in 0..30u16) {
            let instant = at("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_hours(hour);
            let names = [
                "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
                "America/Anchorage", "America/Adak", "Pacific/Honolulu",
            ];
            let zones = Timezone::of_country("US".parse().unwrap());
            let end = Timezone::latest_end_of_day_after(&zones, instant, days);
            for name in names {
                let zone = Timezone::parse(name).unwrap();
                prop_assert!(Some(zone.end_of_day_after(instant, days)) <= end, "{}", name);
            }
        }

        #[test]
        fn business_days_are_never_fewer_than_calendar_days(second in 0..4_000_000_000i64, days in 0..30u16) {
            let instant = Timestamp::from_second(second).unwrap();
            let (calendar, business) =
                (seoul().end_of_day_after(instant, days), seoul().end_of_business_day_after(instant, days));
            prop_assert!(business >= calendar && calendar > instant);
        }
    }
}
