//! The fee of each day: boundaries at midnight, and what is stored.

use super::*;
use iso_currency::Currency;
use proptest::prelude::*;
use serde_json::json;

fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> Timezone {
    Timezone::parse(name).unwrap()
}

fn steps(steps: &[(u16, u8, Option<u64>)]) -> Vec<FeeStep> {
    let step = |&(days_before, percent, at_most)| FeeStep {
        days_before,
        percent,
        at_most,
    };
    steps.iter().map(step).collect()
}

/// The rules that Korean ticket sites print.
fn usual() -> RefundTerms {
    RefundTerms {
        free_days: 7,
        free_days_before: 10,
        steps: steps(&[(10, 10, Some(4000)), (7, 10, None), (3, 20, None), (1, 30, None)]),
    }
}

/// The fee in a zone for a seat of 100,000 that was booked long before.
fn fee(terms: &RefundTerms, zone_name: &str, starts_at: &str, now: &str) -> Option<u64> {
    let time = ReturnTime {
        booked_at: at("2026-01-01T00:00:00Z"),
        at: at(now),
        starts_at: at(starts_at),
        time_zone: &zone(zone_name),
    };
    terms.fee_of(won(100_000), &time).map(Money::amount)
}

#[test]
fn the_fee_rises_at_midnight_in_seoul() {
    // 20 December 2026, 19:00 in Seoul. Midnight there is 15:00 in UTC.
    let fee = |now: &str| fee(&usual(), "Asia/Seoul", "2026-12-20T10:00:00Z", now);
    for (last, fee_then, fee_after) in [
        ("2026-12-10T14:59:59Z", Some(4000), Some(10_000)),
        ("2026-12-13T14:59:59Z", Some(10_000), Some(20_000)),
        ("2026-12-17T14:59:59Z", Some(20_000), Some(30_000)),
        ("2026-12-19T14:59:59Z", Some(30_000), None),
    ] {
        assert_eq!(fee(last), fee_then, "at 23:59:59 in Seoul: {last}");
        let midnight = last.replace("14:59:59", "15:00:00");
        assert_eq!(fee(&midnight), fee_after, "at 00:00 in Seoul: {midnight}");
    }
}

#[test]
fn the_fee_rises_at_midnight_in_new_york_on_both_sides_of_the_clock_change() {
    // 8 November 2026, 19:00 in New York. Clocks are set back on 1 November: midnight is 04:00 before, 05:00 after it.
    let fee = |now: &str| fee(&usual(), "America/New_York", "2026-11-09T00:00:00Z", now);
    for (last, midnight, fee_then, fee_after) in [
        ("2026-10-30T03:59:59Z", "2026-10-30T04:00:00Z", Some(4000), Some(10_000)),
        (
            "2026-11-02T04:59:59Z",
            "2026-11-02T05:00:00Z",
            Some(10_000),
            Some(20_000),
        ),
        (
            "2026-11-06T04:59:59Z",
            "2026-11-06T05:00:00Z",
            Some(20_000),
            Some(30_000),
        ),
        ("2026-11-08T04:59:59Z", "2026-11-08T05:00:00Z", Some(30_000), None),
    ] {
        assert_eq!(fee(last), fee_then, "{last}");
        assert_eq!(fee(midnight), fee_after, "{midnight}");
    }
}

#[test]
fn a_week_after_the_booking_a_seat_is_free_of_charge_while_the_show_is_ten_days_away() {
    let seoul = zone("Asia/Seoul");
    let fee = |booked: &str, now: &str| {
        let time = ReturnTime {
            booked_at: at(booked),
            at: at(now),
            starts_at: at("2026-12-20T10:00:00Z"),
            time_zone: &seoul,
        };
        usual().fee_of(won(100_000), &time).map(Money::amount)
    };
    // Booked on 1 December in Seoul.
    assert_eq!(
        fee("2026-12-01T03:00:00Z", "2026-12-08T14:59:59Z"),
        Some(0),
        "the seventh day"
    );
    assert_eq!(
        fee("2026-12-01T03:00:00Z", "2026-12-08T15:00:00Z"),
        Some(4000),
        "the eighth"
    );
    assert_eq!(
        fee("2026-12-09T03:00:00Z", "2026-12-10T14:59:59Z"),
        Some(0),
        "ten days before the show"
    );
    assert_eq!(
        fee("2026-12-09T03:00:00Z", "2026-12-10T15:00:00Z"),
        Some(10_000),
        "nine days before"
    );
}

#[test]
fn a_policy_without_steps_takes_nothing_back_and_no_policy_does_once_the_show_has_started() {
    assert_eq!(
        fee(
            &RefundTerms::default(),
            "Asia/Seoul",
            "2026-12-20T10:00:00Z",
            "2026-01-01T00:00:00Z"
        ),
        None
    );
    let until_the_start = RefundTerms {
        steps: steps(&[(0, 90, None)]),
        ..RefundTerms::default()
    };
    let fee = |now: &str| fee(&until_the_start, "Asia/Seoul", "2026-12-20T10:00:00Z", now);
    assert_eq!(fee("2026-12-20T09:59:59Z"), Some(90_000));
    assert_eq!(fee("2026-12-20T10:00:00Z"), None);
}

#[test]
fn the_ticket_of_the_worked_example_costs_2966_of_29666() {
    // A third of 99,000 after a discount of 10,000, given back eight days before the show.
    let time = ReturnTime {
        booked_at: at("2026-10-01T00:00:00Z"),
        at: at("2026-12-12T03:00:00Z"),
        starts_at: at("2026-12-20T10:00:00Z"),
        time_zone: &zone("Asia/Seoul"),
    };
    let fee = usual().fee_of(won(29_666), &time).unwrap();
    assert_eq!((fee, won(29_666).saturating_sub(fee)), (won(2966), won(26_700)));
}

#[test]
fn terms_are_stored_as_numbers_and_read_back() {
    let stored = json!(usual());
    assert_eq!(stored, json!([[7, 10], [10, 10, 4000], [7, 10], [3, 20], [1, 30]]));
    assert_eq!(serde_json::from_value::<RefundTerms>(stored).unwrap(), usual());
    for bad in [
        json!([]),
        json!([[7]]),
        json!([[7, 10], [1]]),
        json!([[7, 10], [70_000, 1]]),
        json!([[7, 10], [1, 256]]),
    ] {
        assert!(serde_json::from_value::<RefundTerms>(bad.clone()).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_fee_is_never_more_than_what_was_paid_and_does_not_fall_towards_the_show(
        paid in 0..1_000_000_000u64,
        percents in prop::collection::vec(0..=100u8, 1..=6),
        at_most in prop::option::of(0..100_000u64),
        hours in prop::collection::vec(0..2000i64, 2),
    ) {
        let mut percents = percents;
        percents.sort_unstable();
        let days = (0..percents.len()).rev().map(|nth| u16::try_from(nth * 3).unwrap());
        let steps = days.zip(percents).map(|(days_before, percent)| FeeStep { days_before, percent, at_most });
        let terms = RefundTerms { free_days: 7, free_days_before: 10, steps: steps.collect() };
        let starts_at = at("2026-12-20T10:00:00Z");
        let seoul = zone("Asia/Seoul");
        let fee = |hours: i64| {
            let time = ReturnTime {
                booked_at: at("2026-09-01T00:00:00Z"),
                at: starts_at - jiff::SignedDuration::from_hours(hours),
                starts_at,
                time_zone: &seoul,
            };
            terms.fee_of(won(paid), &time).map(Money::amount)
        };
        let (earlier, later) = (fee(hours[0].max(hours[1])), fee(hours[0].min(hours[1])));
        prop_assert!(earlier.unwrap_or(0) <= paid);
        prop_assert!(later.is_none_or(|later| earlier.is_some_and(|earlier| earlier <= later)));
    }
}
