//! Tests of schedules: tables of difficult dates and clock changes, and properties.

use crate::core::calendar::*;
use jiff::SignedDuration;
use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};
use proptest::prelude::*;

/// The dates of periods.
const DATES: &str = "
    anchor      every     periods 0, 1, 2 …
    2026-01-31  1 month   2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31 2026-06-30 2026-07-31 2026-08-31
    2028-01-31  1 month   2028-01-31 2028-02-29 2028-03-31
    2026-01-30  1 month   2026-01-30 2026-02-28 2026-03-30
    2026-02-28  1 month   2026-02-28 2026-03-28 2026-04-28
    2026-11-30  1 month   2026-11-30 2026-12-30 2027-01-30 2027-02-28 2027-03-30
    2026-08-31  3 months  2026-08-31 2026-11-30 2027-02-28 2027-05-31
    2026-12-31  2 months  2026-12-31 2027-02-28 2027-04-30 2027-06-30 2027-08-31
    2024-02-29  1 year    2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29
    2096-02-29  1 year    2096-02-29 2097-02-28 2098-02-28 2099-02-28 2100-02-28 2101-02-28 2102-02-28 2103-02-28 2104-02-29
    2026-12-28  1 week    2026-12-28 2027-01-04 2027-01-11
    2028-02-21  2 weeks   2028-02-21 2028-03-06
    2028-02-28  1 day     2028-02-28 2028-02-29 2028-03-01
    2026-03-01  30 days   2026-03-01 2026-03-31 2026-04-30
";

/// The instant of a local date and time.
const CLOCKS: &str = "
    place                date        time   due                         clocks there
    Asia/Seoul           2026-03-29  02:30  2026-03-29T02:30:00+09:00   never change
    Europe/Berlin        2026-03-28  02:30  2026-03-28T02:30:00+01:00
    Europe/Berlin        2026-03-29  02:30  2026-03-29T03:30:00+02:00   leave out 02 to 03
    Europe/Berlin        2026-03-29  01:59  2026-03-29T01:59:00+01:00
    Europe/Berlin        2026-03-29  03:00  2026-03-29T03:00:00+02:00
    Europe/Berlin        2026-10-25  02:30  2026-10-25T02:30:00+02:00   show 02 to 03 twice
    Europe/Berlin        2026-10-25  03:00  2026-10-25T03:00:00+01:00
    America/New_York     2026-03-08  02:30  2026-03-08T03:30:00-04:00   leave out 02 to 03
    America/New_York     2026-11-01  01:30  2026-11-01T01:30:00-04:00   show 01 to 02 twice
    America/New_York     2026-11-01  02:00  2026-11-01T02:00:00-05:00
    America/Havana       2026-03-08  00:30  2026-03-08T01:30:00-04:00   leave out midnight
    America/Nuuk         2026-03-28  23:30  2026-03-29T00:30:00-01:00   leave out 23 to 24
    Australia/Lord_Howe  2026-10-04  02:15  2026-10-04T02:45:00+11:00   leave out half an hour
    Australia/Lord_Howe  2026-04-05  01:45  2026-04-05T01:45:00+11:00   show half an hour twice
    Asia/Kathmandu       2026-01-01  00:00  2026-01-01T00:00:00+05:45   never change
    Pacific/Apia         2011-12-30  09:00  2011-12-31T09:00:00+14:00   leave out the day
    Europe/Berlin        2060-03-28  02:30  2060-03-28T03:30:00+02:00   by today's rule
";

/// The rows of a table without its header. Columns are separated by two or more spaces.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty()).skip(1);
    lines.map(|line| {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    })
}

fn interval(text: &str) -> Interval {
    let (count, unit) = text.split_once(' ').unwrap();
    let unit = match unit.trim_end_matches('s') {
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "year" => Unit::Year,
        other => panic!("unknown unit {other}"),
    };
    Interval::new(unit, count.parse().unwrap()).unwrap()
}

fn schedule(anchor: &str, time: &str, place: &str, every: &str) -> Schedule {
    Schedule {
        anchor: anchor.parse().unwrap(),
        time: time.parse().unwrap(),
        timezone: Timezone::parse(place).unwrap(),
        interval: interval(every),
    }
}

#[test]
fn the_anchor_day_survives_short_months_and_common_years() {
    for row in rows(DATES) {
        let [anchor, every, dates] = row[..] else {
            panic!("{row:?}")
        };
        let schedule = schedule(anchor, "09:00", "Asia/Seoul", every);
        for (n, date) in (0..).zip(dates.split(' ')) {
            assert_eq!(
                schedule.date(n).to_string(),
                date,
                "period {n} of {anchor} every {every}"
            );
        }
    }
}

#[test]
fn a_skipped_or_repeated_local_time_is_one_instant() {
    for row in rows(CLOCKS) {
        let [place, date, time, due] = row[..4] else {
            panic!("{row:?}")
        };
        let daily = schedule(date, time, place, "1 day");
        let expected: Timestamp = due.parse().unwrap();
        assert_eq!(daily.due_at(0), expected, "{place} {date} {time}");
        assert_eq!(daily.date(0).to_string(), date, "clock changes do not move the date");
    }
}

#[test]
fn a_month_that_begins_in_winter_time_keeps_its_local_time_in_summer() {
    let monthly = schedule("2026-01-29", "02:30", "Europe/Berlin", "1 month");
    let local = |n| {
        monthly
            .due_at(n)
            .to_zoned(monthly.timezone.rules().clone())
            .strftime("%m-%d %H:%M %z")
            .to_string()
    };
    let seen: Vec<String> = (0..5).map(local).collect();
    assert_eq!(
        seen,
        [
            "01-29 02:30 +0100",
            "02-28 02:30 +0100",
            "03-29 03:30 +0200",
            "04-29 02:30 +0200",
            "05-29 02:30 +0200"
        ]
    );
}

#[test]
fn the_calendar_ends_with_the_year_9999() {
    let yearly = schedule("2026-01-31", "09:00", "Asia/Seoul", "1 year");
    assert_eq!(yearly.date(7973).to_string(), "9999-01-31");
    for n in [7974, u32::MAX] {
        assert_eq!((yearly.date(n), yearly.due_at(n)), (Date::MAX, Timestamp::MAX));
    }
}

#[test]
fn a_schedule_survives_a_json_round_trip() {
    let text =
        r#"{"anchor":"2026-01-31","time":"09:00:00","timezone":"Asia/Seoul","interval":{"unit":"MONTH","count":1}}"#;
    let read: Schedule = serde_json::from_str(text).unwrap();
    assert_eq!(read, schedule("2026-01-31", "09:00", "Asia/Seoul", "1 month"));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}

/// Schedules of the years 2020 to 2039 in any timezone of the database.
fn schedules() -> impl Strategy<Value = Schedule> {
    let names: Vec<String> = TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    let places = prop::sample::select(names).prop_filter_map("a place", |name| Timezone::parse(&name).ok());
    let anchors = (2020..2040_i16, 1..=12_i8, 1..=31_i8).prop_filter_map("a date", |(y, m, d)| Date::new(y, m, d).ok());
    let times = (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0));
    let units = prop::sample::select(vec![
        (Unit::Day, 1095_u16),
        (Unit::Week, 156),
        (Unit::Month, 36),
        (Unit::Year, 3),
    ]);
    let intervals = units.prop_flat_map(|(unit, most)| {
        (1..=most).prop_filter_map("an interval", move |count| Interval::new(unit, count).ok())
    });
    (anchors, times, places, intervals).prop_map(|(anchor, time, timezone, interval)| Schedule {
        anchor,
        time,
        timezone,
        interval,
    })
}

proptest! {
    #[test]
    fn periods_are_strictly_ascending(schedule in schedules(), n in 0..200_u32) {
        prop_assert!(schedule.due_at(n) < schedule.due_at(n + 1));
        prop_assert!(schedule.date(n) < schedule.date(n + 1));
    }

    #[test]
    fn each_period_falls_on_the_anchors_day_or_the_last_of_a_shorter_month(schedule in schedules(), n in 0..200_u32) {
        let (anchor, date, count) = (schedule.anchor, schedule.date(n), i64::from(schedule.interval.count()));
        let units = i64::from(n) * count;
        let days = date.duration_since(anchor).as_hours() / 24;
        let months = (i64::from(date.year()) - i64::from(anchor.year())) * 12
            + i64::from(date.month()) - i64::from(anchor.month());
        let is_right = match schedule.interval.unit() {
            Unit::Day => days == units,
            Unit::Week => days == units * 7,
            Unit::Month => months == units && date.day() == anchor.day().min(date.days_in_month()),
            Unit::Year => months == units * 12 && date.day() == anchor.day().min(date.days_in_month()),
        };
        prop_assert!(is_right, "period {n} is {date}");
    }

    #[test]
    fn a_daily_schedule_neither_skips_nor_repeats_a_date(schedule in schedules(), n in 0..3000_u32) {
        let daily = Schedule { interval: Interval::new(Unit::Day, 1).unwrap(), ..schedule };
        prop_assert_eq!(daily.date(n).tomorrow().unwrap(), daily.date(n + 1));
    }

    #[test]
    fn a_period_falls_due_at_its_local_time_unless_clocks_skip_it(schedule in schedules(), n in 0..200_u32) {
        let rules = schedule.timezone.rules();
        let meant = schedule.date(n).to_datetime(schedule.time);
        let shown = schedule.due_at(n).to_zoned(rules.clone()).datetime();
        let left_out = match rules.to_ambiguous_timestamp(meant).offset() {
            AmbiguousOffset::Gap { before, after } => after.seconds() - before.seconds(),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => 0,
        };
        prop_assert_eq!(meant.duration_until(shown), SignedDuration::from_secs(left_out.into()));
    }

    #[test]
    fn the_first_period_from_an_instant_is_found(schedule in schedules(), n in 0..2000_u32) {
        let due = schedule.due_at(n);
        prop_assume!(due < Timestamp::MAX);
        let after = due + SignedDuration::from_millis(1);
        prop_assert_eq!(schedule.first_from(due), n);
        prop_assert_eq!(schedule.first_from(after), n + 1);
        prop_assert_eq!(schedule.last_due(due), Some(n));
        prop_assert_eq!(schedule.last_due(due - SignedDuration::from_millis(1)), n.checked_sub(1));
    }
}
