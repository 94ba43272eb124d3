//! Alarms that begin and end, in any order and more than once.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::line::tests::room as room_at_rates;

fn minutes(count: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000).unwrap() + SignedDuration::from_mins(count)
}

fn after(room: StoredRoom, changed: Option<StoredRoom>) -> StoredRoom {
    changed.unwrap_or(room)
}

#[test]
fn a_room_recovers_when_the_last_alarm_that_holds_it_is_over() {
    let room = room_at_rates(&[(0, 5)]);
    let room = slowed(&room, "errors", minutes(10)).unwrap();
    assert_eq!(room.rate(), 2);
    assert!(slowed(&room, "errors", minutes(12)).is_none(), "a repeated event");
    let room = slowed(&room, "throttles", minutes(12)).unwrap();
    assert_eq!(room.rate(), 2, "another alarm of the same fault");
    let room = recovered(&room, "errors", minutes(13)).unwrap();
    assert_eq!(room.rate(), 2, "one alarm is left");
    assert!(recovered(&room, "errors", minutes(14)).is_none(), "a repeated event");
    let room = recovered(&room, "throttles", minutes(14)).unwrap();
    assert_eq!((room.rate(), room.slowed), (5, None));
}

#[test]
fn a_room_that_was_slowed_twice_recovers_in_two_steps() {
    let mut room = room_at_rates(&[(0, 600)]);
    let mut rates = vec![];
    for (minute, alarm, is_over) in [
        (0, "a", false),
        (6, "b", false),
        (10, "a", true),
        (11, "b", true),
        (20, "a", false),
        (30, "a", true),
    ] {
        let change = if is_over { recovered } else { slowed };
        room = after(room.clone(), change(&room, alarm, minutes(minute)));
        rates.push(room.rate());
    }
    assert_eq!(rates, [300, 150, 150, 301, 150, 301], "each step undoes one");
}

#[test]
fn an_alarm_whose_end_was_lost_slows_again() {
    let room = room_at_rates(&[(0, 600)]);
    let room = slowed(&room, "errors", minutes(1)).unwrap();
    let room = slowed(&room, "errors", minutes(30)).unwrap();
    assert_eq!(room.rate(), 150);
    assert_eq!(recovered(&room, "errors", minutes(40)).unwrap().rate(), 301);
}

#[test]
fn an_alarm_does_not_raise_the_rate_that_an_administrator_set() {
    let room = room_at_rates(&[(0, 600)]);
    let room = slowed(&room, "errors", minutes(1)).unwrap();
    let set = StoredRoom {
        slowed: None,
        ..room.with_rate(100, minutes(2)).unwrap()
    };
    assert!(recovered(&set, "errors", minutes(9)).is_none());
    assert!(slowed(&set, "errors", minutes(3)).is_none(), "it has just been set");
}

proptest! {
    #[test]
    fn no_alarm_ever_raises_a_rate_above_that_of_the_administrator(
        full in 0..600_001_u32,
        changes in prop::collection::vec((0..20_i64, 0..3_usize, any::<bool>()), 0..40),
    ) {
        let (mut room, mut now) = (room_at_rates(&[(0, full)]), 0);
        for (wait, alarm, is_over) in changes {
            now += wait;
            let change = if is_over { recovered } else { slowed };
            room = after(room.clone(), change(&room, ["a", "b", "c"][alarm], minutes(now)));
            prop_assert!(room.rate() <= full);
            prop_assert!(full == 0 || room.rate() > 0, "no alarm pauses a room");
            prop_assert_eq!(room.slowed.as_ref().map_or(room.rate(), |slowed| slowed.full_rate), full);
        }
    }
}
