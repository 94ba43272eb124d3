//! The line as a whole: rates, order, and those who leave or come late.

use std::collections::BTreeMap;

use shared::core::actor::Actor;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::waiting_rooms::WaitingRoomId;
use uuid::Uuid;

use super::*;
use crate::lottery::Seed;
use crate::numbers::split;
use crate::room::closed_at;
use crate::turns::RateSegment;

mod outage;
mod property;

const OPENS: i64 = 1_800_000_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(OPENS + ms).unwrap()
}

/// A room whose rates begin some milliseconds after its opening, the first one with it.
pub fn room(rates: &[(i64, u32)]) -> StoredRoom {
    let segment = |&(from, rate_per_minute)| RateSegment {
        from: at(from),
        rate_per_minute,
    };
    StoredRoom {
        waiting_room_id: WaitingRoomId(Uuid::from_u128(1)),
        name: "Spring tour".to_owned(),
        opens_at: at(0),
        segments: rates.iter().map(segment).collect(),
        token_minutes: 10,
        slowed: None,
        sold_out: false,
        seed: Seed(*b"0123456789abcdef0123456789abcdef"),
        later_seed: Seed(*b"fedcba9876543210fedcba9876543210"),
        joins_until: at(10 * 24 * 3_600_000),
        created_at: at(-1_000_000),
        updated_at: at(-1_000_000),
        fingerprint: Fingerprint::of(&()).unwrap(),
        version: 1,
        updated_by: Actor::function("test"),
    }
}

/// How customers enter: as the rule says, or in a wrong way that tests have to notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rule {
    #[default]
    AsItIs,
    /// Late customers enter without a limit.
    LateWithoutLimit,
    /// Each part of the numbers admits as many late customers as all of them together may admit.
    LateLimitInEachPart,
    /// Late customers use no turns.
    LateWithoutTurns,
    /// Late customers enter in any order.
    LateInAnyOrder,
}

/// Customers, and the numbers that are stored of them.
#[derive(Default)]
struct Crowd {
    rule: Rule,
    people: Vec<(Bucket, Draw)>,
    numbers: Numbers,
    /// The late ones who entered in each second, by the parts in which they are counted.
    late: BTreeMap<u32, [u32; LATER_PARTS]>,
    entered: usize,
}

impl Crowd {
    fn join(&mut self, room: &StoredRoom, count: u32, mut time: impl FnMut() -> i64) {
        for _ in 0..count {
            let account = CustomerId::new(format!("account-{}", self.people.len()));
            let bucket = Bucket::of(room.opens_at, at(time()));
            let draw = room.draw(bucket, &account);
            self.numbers.join(bucket, draw);
            self.people.push((bucket, draw));
        }
    }

    /// The line at `now`, as a function that has just started sees it.
    fn line(&self, room: &StoredRoom, now: Timestamp) -> Line {
        let closed = room.closed_seconds(now);
        closed.map_or_else(Line::default, |closed| Line::of(self.numbers.clone(), room, closed))
    }

    /// Tries to enter. Returns whether the customer is admitted, and counts the entry.
    fn enter(&mut self, person: usize, line: &Line, room: &StoredRoom, now: Timestamp) -> bool {
        let (bucket, draw) = self.people[person];
        let place = line.place(bucket, draw);
        place.is_some_and(|place| self.enter_at((place, draw), line, room, now))
    }

    /// The same for a customer whose place is known.
    fn enter_at(&mut self, (place, draw): (u64, Draw), line: &Line, room: &StoredRoom, now: Timestamp) -> bool {
        match line.turn(room, place, now) {
            Turn::Later => return false,
            Turn::InTime(round) => {
                let (minute, second) = split(round);
                self.numbers.minute_mut(minute).in_time[second] += 1;
            }
            Turn::Late(mut limit) => {
                if self.rule == Rule::LateInAnyOrder {
                    limit.most = line.calls.late_limit();
                }
                let (part, most) = limit.part(draw);
                let most = match self.rule {
                    Rule::LateWithoutLimit => u64::MAX,
                    Rule::LateLimitInEachPart => limit.most,
                    _ => most,
                };
                let people = &mut self.late.entry(limit.second).or_default()[part];
                if u64::from(*people) >= most {
                    return false;
                }
                *people += 1;
                if self.rule != Rule::LateWithoutTurns {
                    let (minute, second) = split(limit.second);
                    self.numbers.minute_mut(minute).late[second] += 1;
                }
            }
        }
        self.entered += 1;
        true
    }

    /// The people whose turn it is at `now`, if nobody has entered.
    fn called(&self, room: &StoredRoom, now: Timestamp) -> Vec<usize> {
        let line = self.line(room, now);
        let is_called = |&(bucket, draw): &(Bucket, Draw)| {
            let place = line.place(bucket, draw);
            place.is_some_and(|place| place <= line.calls.called())
        };
        let people = self.people.iter().enumerate();
        people
            .filter(|(_, person)| is_called(person))
            .map(|(nth, _)| nth)
            .collect()
    }

    /// Lets everybody for whom `comes` at each of some times, half a second apart, try to enter. Returns how many had entered by each
    /// second after the opening.
    fn run(&mut self, room: &StoredRoom, seconds: i64, comes: impl Fn(usize, i64) -> bool) -> Vec<usize> {
        let mut waiting: Vec<usize> = (0..self.people.len()).collect();
        waiting.sort_by_key(|&person| self.people[person]);
        let (mut line, mut entered) = (Line::default(), vec![]);
        for half in 0..seconds * 2 {
            let now = at(half * 500);
            line.read(self.numbers.clone(), None);
            if let Some(closed) = room.closed_seconds(now) {
                line.advance(room, closed);
            }
            let is_called = |&person: &usize| {
                let (bucket, draw) = self.people[person];
                line.place(bucket, draw)
                    .is_some_and(|place| place <= line.calls.called())
            };
            let later = waiting.split_off(waiting.partition_point(is_called));
            waiting.retain(|&person| !(comes(person, half * 500) && self.enter(person, &line, room, now)));
            waiting.extend(later);
            if half % 2 == 1 {
                entered.push(self.entered);
            }
        }
        entered
    }
}

#[test]
fn of_50_000_people_as_many_are_called_as_rate_and_time_say_within_1_percent() {
    let room = room(&[(0, 60_000), (20_000, 30_000)]);
    let mut crowd = Crowd::default();
    let mut random = fastrand::Rng::with_seed(7);
    crowd.join(&room, 40_000, || -random.i64(1..600_000));
    crowd.join(&room, 10_000, || random.i64(0..20_000));
    assert!(crowd.called(&room, at(1999)).is_empty(), "the early bucket is open");
    for seconds in [10, 15, 20, 30, 40, 60] {
        let called = crowd.called(&room, at(2000 + seconds * 1000)).len();
        let turns = (seconds.min(20) * 1000 + (seconds - 20).max(0) * 500).cast_unsigned();
        let turns = usize::try_from(turns).unwrap();
        assert!(
            called.abs_diff(turns) * 100 <= turns,
            "{seconds} s: {called} of {turns}"
        );
    }
    assert_eq!(crowd.called(&room, at(90_000)).len(), 50_000, "everybody");
}

#[test]
fn the_published_numbers_and_the_seed_give_the_order_of_the_draws() {
    let room = room(&[(0, 60_000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 50_000, || -1);
    let line = crowd.line(&room, at(2000));
    let mut people = crowd.people.clone();
    people.sort();
    let (mut last, mut most) = (0, 0);
    for (rank, (bucket, draw)) in people.into_iter().enumerate() {
        let place = line.place(bucket, draw).unwrap();
        assert!(place >= last, "a smaller draw has no later place");
        last = place;
        most = most.max(place.abs_diff(rank as u64 + 1));
    }
    assert!(most <= 50, "a place is {most} from the rank");
    assert!((1..=50_000).contains(&last));
}

#[test]
fn everybody_who_comes_enters_at_the_rate() {
    let room = room(&[(0, 60_000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 50_000, || -1);
    let entered = crowd.run(&room, 60, |_, _| true);
    for second in 10..50 {
        let turns = usize::try_from(second - 2).unwrap() * 1000;
        let entered = entered[usize::try_from(second).unwrap()];
        assert!(entered.abs_diff(turns) * 100 <= turns, "{second} s: {entered}");
    }
    assert_eq!(entered[59], 50_000);
}

#[test]
fn when_a_third_of_50_000_leaves_as_many_enter_as_the_rate_says_within_30_seconds() {
    let room = room(&[(0, 36_000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 50_000, || -1);
    // Which third is no matter of the draw: it is spread over all places.
    let entered = crowd.run(&room, 120, |person, _| person % 3 > 0);
    let at_first = entered[10] - entered[5];
    assert!(at_first < 2200, "two thirds of the rate: {at_first}");
    for second in (35..55).step_by(5) {
        let people = entered[second] - entered[second - 5];
        assert!(people.abs_diff(3000) <= 90, "{second} s: {people} in five seconds");
    }
    assert_eq!(entered[119], 33_333, "nobody is stuck");
}

#[test]
fn those_who_come_late_enter_at_the_rate_and_the_line_goes_on() {
    // All who are called in the first minute come together, half a minute later.
    let room = room(&[(0, 6000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 10_000, || -1);
    let entered = crowd.run(&room, 130, |_, ms| ms >= 90_000);
    assert_eq!(entered[89], 0);
    for second in 90..130 {
        let turns = second * 100;
        assert!(entered[second] <= turns, "not more than the rates gave");
        let people = entered[second] - entered[second.max(91) - 1];
        // Those who were called in the last seven seconds are in time.
        let most = if second == 90 { 900 } else { 400 };
        assert!(people <= most, "{second}: {people} in a second");
    }
    let steady = entered[129] - entered[119];
    assert!(steady.abs_diff(1000) <= 50, "{steady} in ten seconds");
}

#[test]
fn late_customers_who_are_refused_try_again_after_those_before_them_or_over_the_time_that_all_need() {
    let room_at_rate = room(&[(0, 6000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room_at_rate, 4000, || -1);
    let now = at(60_000);
    let line = crowd.line(&room_at_rate, now);
    let (mut may_enter, mut others) = (vec![], vec![]);
    for &(bucket, draw) in &crowd.people {
        let place = line.place(bucket, draw).unwrap();
        let expected = line.late_expected_at(&room_at_rate, (place, draw), now).unwrap();
        let wait = expected.duration_since(now).as_millis();
        match line.calls.late_after_ms(place, 6000) {
            None => may_enter.push((place, wait)),
            Some(_) => others.push((place, wait)),
        }
    }
    others.sort_unstable();
    assert!(others.is_sorted_by_key(|(_, wait)| *wait), "in the order of the places");
    let (first, last) = (others[0], others[others.len() - 1]);
    assert!(may_enter.iter().all(|(place, _)| *place < first.0));
    // At 100 a second.
    let needed = i128::from(last.0 - first.0) * 10;
    assert!((last.1 - first.1).abs_diff(needed) <= 1500, "{first:?} to {last:?}");
    let seconds = i128::try_from(may_enter.len() / 100).unwrap();
    assert!(
        may_enter
            .iter()
            .all(|(_, wait)| (1000..=1000 * (1 + seconds)).contains(wait))
    );
    let paused = room(&[(0, 6000), (50_000, 0)]);
    assert_eq!(line.late_expected_at(&paused, (1, crowd.people[0].1), now), None);
}

#[test]
fn a_paused_room_that_was_idle_tells_nobody_a_time() {
    let room = room(&[(0, 6000), (10_000, 0)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 1, || 20_000);
    let line = crowd.line(&room, at(30_000));
    let (bucket, draw) = crowd.people[0];
    let place = line.place(bucket, draw).unwrap();
    assert_eq!(line.turn(&room, place, at(30_000)), Turn::Later);
    assert_eq!(line.expected_at(&room, place), None);
}

#[test]
fn while_the_shop_answers_nobody_the_line_goes_on_at_the_rate_only() {
    let room = room(&[(0, 6000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 50_000, || -1);
    let line = crowd.line(&room, at(102_000));
    assert_eq!(line.calls.called(), 10_000);
}

#[test]
fn a_crowd_that_never_comes_opens_the_room_to_three_times_the_rate_at_most() {
    let room = room(&[(0, 6000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 50_000, || -1);
    crowd.run(&room, 102, |person, _| person % 10 == 0);
    let (before, after) = (crowd.line(&room, at(92_000)), crowd.line(&room, at(102_000)));
    let called = after.calls.called() - before.calls.called();
    assert!((2900..=3001).contains(&called), "{called} in ten seconds");
}

#[test]
fn customers_of_a_slow_room_are_called_instead_of_those_who_left_too() {
    // One every five seconds.
    let room = room(&[(0, 12)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 600, || -1);
    let entered = crowd.run(&room, 1200, |person, _| person % 3 > 0);
    let people = entered[1199] - entered[599];
    assert!(people.abs_diff(120) <= 10, "{people} in ten minutes");
}

#[test]
fn a_lower_rate_holds_at_once_also_for_turns_that_come_back() {
    let room = room(&[(0, 6000), (40_000, 60), (60_000, 0)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 10_000, || -1);
    crowd.run(&room, 64, |person, _| person % 2 == 0);
    let called = |ms| crowd.line(&room, at(ms)).calls.called();
    assert!(called(62_000) - called(42_000) <= 61, "three a second");
    assert_eq!(called(62_000), called(100_000), "a paused room calls nobody");
}

#[test]
fn turns_that_nobody_was_there_for_are_not_given_to_a_later_crowd() {
    let room = room(&[(0, 600)]);
    let mut crowd = Crowd::default();
    // Ten a second are admitted for ten minutes, and nobody comes.
    crowd.join(&room, 1000, || 600_000);
    let called = |seconds: i64| crowd.called(&room, at(600_000 + seconds * 1000)).len();
    assert_eq!(called(2), 0, "the second is open");
    assert!((0..=20).contains(&called(3)), "{}", called(3));
    // The turns of the first of those who do not come are back.
    assert!((90..=140).contains(&called(13)), "{}", called(13));
    assert_eq!(called(110), 1000);
}

#[test]
fn whoever_comes_to_an_empty_room_is_called_once_the_second_is_closed() {
    let room = room(&[(0, 600)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 1, || 3_600_500);
    assert_eq!(crowd.called(&room, at(3_602_999)), [0_usize; 0]);
    assert_eq!(crowd.called(&room, at(3_603_000)), [0]);
}

#[test]
fn a_paused_room_calls_nobody_and_goes_on_where_it_was() {
    let room = room(&[(0, 60_000), (1000, 0), (61_000, 60_000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 5000, || -1);
    let called = |ms| crowd.called(&room, at(ms)).len();
    assert_eq!(called(3000), called(63_000));
    assert!(called(64_000) > called(63_000));
    let line = crowd.line(&room, at(10_000));
    assert_eq!(line.expected_at(&room, 2000), Some(at(64_000)));
    assert_eq!(line.expected_at(&room, 1000), Some(at(3000)), "it was called");
    assert_eq!(crowd.line(&room, at(64_000)).calls.called(), 2000);
}

#[test]
fn a_number_or_a_rate_that_is_stored_late_makes_the_line_that_of_a_function_that_has_just_started() {
    let mut room = room(&[(0, 600)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 300, || -1);
    crowd.join(&room, 100, || 500);
    crowd.run(&room, 40, |person, ms| person % 3 > 0 || ms > 30_000);
    let (closed, numbers) = (38, crowd.numbers.clone());
    let late: [fn(&mut Numbers); 4] = [
        |numbers| numbers.early[7] += 1,
        |numbers| numbers.minute_mut(0).joined[0][3] += 1,
        |numbers| numbers.minute_mut(0).in_time[5] += 1,
        |numbers| numbers.minute_mut(0).late[33] += 1,
    ];
    for (nth, store) in late.into_iter().enumerate() {
        let mut line = Line::of(numbers.clone(), &room, closed);
        let mut stored = numbers.clone();
        store(&mut stored);
        // A later reading of the minute does not have the early comers.
        let first = (nth > 0).then_some(0);
        line.read(stored.clone(), first);
        line.advance(&room, closed + 1);
        assert_eq!(line, Line::of(stored, &room, closed + 1), "{nth}");
    }
    let mut line = Line::of(numbers.clone(), &room, closed);
    room.segments.push(RateSegment {
        from: at(30_000),
        rate_per_minute: 60,
    });
    line.advance(&room, closed + 1);
    assert_eq!(line, Line::of(numbers, &room, closed + 1), "a rate");
}

#[test]
fn a_line_that_nothing_late_has_changed_does_not_begin_again() {
    let room = room(&[(0, 600)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 300, || -1);
    let mut line = crowd.line(&room, at(20_000));
    // Joins and entries of seconds that are not closed.
    crowd.join(&room, 50, || 18_000);
    crowd.numbers.minute_mut(0).late[18] += 1;
    crowd.numbers.minute_mut(0).in_time[10] += 1;
    line.read(crowd.numbers.clone(), Some(0));
    assert_eq!(line.closed(), Some(18));
    crowd.numbers.minute_mut(0).late[17] += 1;
    line.read(crowd.numbers.clone(), Some(0));
    assert_eq!(line.closed(), None, "second 17 is closed");
}

#[test]
fn a_second_of_joins_is_known_when_it_is_closed() {
    let room = room(&[(0, 60)]);
    assert_eq!(room.closed_seconds(at(1999)), None);
    assert_eq!(room.closed_seconds(at(2000)), Some(0));
    assert_eq!(room.closed_seconds(at(2999)), Some(0));
    assert_eq!(room.closed_seconds(at(3000)), Some(1));
    assert_eq!(closed_at(Bucket::Second(0), at(0)), at(3000));
}

const HOUR: i64 = 3_600_000;

#[test]
fn the_time_in_which_a_room_is_paused_is_not_of_its_24_hours() {
    let never_paused = room(&[(0, 60)]);
    assert_eq!(never_paused.ends_at(), Some(at(24 * HOUR)));
    assert!(never_paused.is_paced_at(at(24 * HOUR - 1)) && !never_paused.is_paced_at(at(24 * HOUR)));
    assert_eq!(never_paused.closed_seconds(at(90 * HOUR)), Some(86_400));
    let mut paused = room(&[(0, 0), (HOUR, 60), (2 * HOUR, 0)]);
    assert_eq!(paused.ends_at(), None);
    assert!(paused.is_paced_at(at(1000 * HOUR)), "a paused room opens to nobody");
    assert_eq!(
        paused.closed_seconds(at(1000 * HOUR)),
        Some(72 * 3600),
        "its numbers have an end"
    );
    paused = paused.with_rate(30, at(40 * HOUR)).unwrap();
    assert_eq!(paused.ends_at(), Some(at(63 * HOUR)));
    assert!(
        paused.is_paced_at(at(63 * HOUR - 1)),
        "to resume a room does not open it to everybody"
    );
    let over = room(&[(0, 60), (25 * HOUR, 0)]);
    assert_eq!(over.ends_at(), Some(at(24 * HOUR)));
    assert!(
        over.is_paced_at(at(26 * HOUR)),
        "a room that admits everybody can be paused"
    );
}

#[test]
fn a_room_whose_rates_end_within_72_hours_can_be_resumed() {
    let paused = room(&[(0, 0)]);
    let resumed = paused.clone().with_rate(60, at(48 * HOUR)).unwrap();
    assert_eq!(resumed.ends_at(), Some(at(72 * HOUR)));
    let refused = paused.with_rate(60, at(48 * HOUR + 1)).unwrap_err();
    assert_eq!(refused.reason.code, "waiting-room-over");
    let lower = resumed.with_rate(0, at(60 * HOUR)).unwrap();
    assert!(lower.with_rate(60, at(61 * HOUR)).is_err());
    let short = room(&[(0, 60), (20 * HOUR, 0), (45 * HOUR, 60), (48 * HOUR, 0)]);
    let resumed = short.clone().with_rate(60, at(70 * HOUR)).unwrap();
    assert_eq!(resumed.ends_at(), Some(at(71 * HOUR)), "one hour of its 24 was left");
    assert!(short.with_rate(60, at(72 * HOUR)).is_err());
}

#[test]
fn nobody_enters_late_after_the_last_round() {
    let room = room(&[(0, 600)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 5, || -1);
    let line = Line::of(crowd.numbers.clone(), &room, 72 * 3600);
    let (bucket, draw) = crowd.people[0];
    let place = line.place(bucket, draw).unwrap();
    let most = |ms| match line.turn(&room, place, at(ms)) {
        Turn::Late(limit) => Some(limit.most),
        _ => None,
    };
    assert!(most(72 * HOUR + 2500) > Some(0));
    assert_eq!(most(72 * HOUR + 3000), Some(0));
}

#[test]
fn an_opening_is_moved_by_seven_days_at_most_so_that_joins_outlive_the_room() {
    let room = room(&[(0, 60)]);
    let now = at(-100 * HOUR);
    let moved = room.clone().with_opening(at(3 * 24 * HOUR), now).unwrap();
    let moved = moved.with_opening(at(7 * 24 * HOUR), now).unwrap();
    assert_eq!(moved.joins_until, room.joins_until, "stored joins have it");
    let refused = moved.with_opening(at(7 * 24 * HOUR + 1), now).unwrap_err();
    assert_eq!(refused.reason.code, "invalid-waiting-room");
}
