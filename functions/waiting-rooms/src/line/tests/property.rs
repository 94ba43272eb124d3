//! Whatever customers do: the rates hold, the order is kept, and nobody is stuck. And the property can fail: it catches rules that admit
//! more late customers.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

use super::*;
use crate::turns::{TURN, turns};

/// A customer's visit: comes from a time after the opening on, in milliseconds, until a later one, and tries all the time.
type Visit = (i64, i64);

/// Customers who join at the same time.
#[derive(Clone, Debug)]
struct Group {
    /// The time of their join, in milliseconds after the opening.
    time: i64,
    count: u32,
    visit: Visit,
    /// The visit that each so many-th of them makes instead.
    others: (usize, Visit),
}

/// A room and its customers.
#[derive(Clone, Debug)]
struct Case {
    /// Times in milliseconds after the opening, and people a minute.
    rates: Vec<(i64, u32)>,
    groups: Vec<Group>,
}

/// How long a case lasts, in seconds after the opening. In the last part of it, the rate is enough for everybody.
const LASTS: i64 = 220;

/// One of four comes never, one for a time, one late, and one always. Those who are late come at the same moment, one group with others.
fn visit() -> impl Strategy<Value = Visit> {
    prop_oneof![
        Just((i64::MAX, 0)),
        (0..60_000_i64, 0..20_000_i64).prop_map(|(from, lasts)| (from, from + lasts)),
        (1..10_i64).prop_map(|from| (from * 10_000, i64::MAX)),
        Just((0, i64::MAX)),
    ]
}

fn group() -> impl Strategy<Value = Group> {
    let time = prop_oneof![Just(-1), -5000..60_000_i64];
    let count = prop_oneof![1..100_u32, 500..3000_u32];
    let group = (time, count, visit(), (1..5_usize, visit()));
    group.prop_map(|(time, count, visit, others)| Group {
        time,
        count,
        visit,
        others,
    })
}

fn case() -> impl Strategy<Value = Case> {
    let rate = prop_oneof![Just(0), 0..120_u32, 960..9000_u32];
    let rates = prop::collection::vec((1..90_000_i64, rate), 0..4);
    // Two of three begin with a rate that lets late customers enter in several parts of the numbers.
    let first = prop_oneof![1 => 0..960_u32, 2 => 960..9000_u32];
    let case = (first, rates, prop::collection::vec(group(), 1..10));
    case.prop_map(|(first, mut rates, groups)| {
        rates.extend([(0, first), (90_000, 9000)]);
        rates.sort_by_key(|(from, _)| *from);
        rates.dedup_by_key(|(from, _)| *from);
        Case { rates, groups }
    })
}

/// The people by whom some places in a row have more people than places, at most.
fn most_who_share(places: &mut [u64]) -> u64 {
    places.sort_unstable();
    let (mut fewest, mut most) = (0, 0);
    for (before, &place) in (0_i64..).zip(places.iter()) {
        let place = place.cast_signed();
        fewest = before.min(before + 1 - place).min(fewest);
        most = most.max(before + 1 - place - fewest);
    }
    most.cast_unsigned()
}

/// Runs a case, and checks it twice a second. Returns the crowd at the end.
fn run(case: &Case, rule: Rule) -> Result<Crowd, TestCaseError> {
    let room = room(&case.rates);
    let mut crowd = Crowd {
        rule,
        ..Crowd::default()
    };
    let mut visits: Vec<(i64, Visit)> = vec![];
    for group in &case.groups {
        crowd.join(&room, group.count, || group.time);
        let (each, other) = group.others;
        let visit = |nth: usize| {
            if nth.is_multiple_of(each + 1) {
                other
            } else {
                group.visit
            }
        };
        visits.extend((0..group.count as usize).map(|nth| (group.time, visit(nth))));
    }
    let end = u32::try_from(LASTS).unwrap();
    let all = Line::of(crowd.numbers.clone(), &room, end);
    let place = |&(bucket, draw): &(Bucket, Draw)| all.place(bucket, draw).unwrap();
    let places: Vec<u64> = crowd.people.iter().map(place).collect();
    let shared = most_who_share(&mut places.clone());
    let mut waiting: Vec<usize> = (0..places.len()).collect();
    let mut line = Line::default();
    for half in 4..LASTS * 2 {
        let (ms, now) = (half * 500, at(half * 500));
        let before = line.calls.called();
        line.read(crowd.numbers.clone(), None);
        let closed = room.closed_seconds(now).unwrap();
        let is_new = line.closed() < Some(closed);
        line.advance(&room, closed);
        let called = line.calls.called();
        if half % 20 == 0 {
            prop_assert_eq!(
                &crowd.line(&room, now),
                &line,
                "a function that has just started tells another line"
            );
            for (&(bucket, draw), &expected) in crowd.people.iter().zip(&places) {
                let place = line.place(bucket, draw);
                prop_assert!(place.is_none_or(|place| place == expected), "a place stays");
            }
        }
        waiting.retain(|&person| {
            let (joined, (from, until)) = visits[person];
            let comes = joined.max(from) <= ms && ms < until && places[person] <= called;
            !(comes && crowd.enter_at((places[person], crowd.people[person].1), &line, &room, now))
        });
        let given = turns(&room.segments, second_at(room.opens_at, closed));
        let begun = case.rates.iter().filter(|(from, _)| *from < i64::from(closed) * 1000);
        let most = u64::from(begun.map(|(_, rate)| *rate).max().unwrap_or_default());
        let bound = given + 3 * most / 60 + 1 + shared;
        prop_assert!(
            crowd.entered as u64 <= bound,
            "{} had entered at {ms}, of {bound}",
            crowd.entered
        );
        prop_assert!(called >= before, "somebody is sent back");
        if is_new {
            let limit = most_called(&room, closed);
            prop_assert!(
                called - before <= limit,
                "{} are called in a round, of {limit}",
                called - before
            );
        }
        for &person in waiting.iter().filter(|&&person| places[person] <= called) {
            let (joined, (from, until)) = visits[person];
            let keeps_trying = from.max(joined) == joined.max(0) && until == i64::MAX;
            prop_assert!(!keeps_trying, "who keeps trying enters with the call");
        }
    }
    let stays = |person: &usize| visits[*person].1.0 < i64::MAX && visits[*person].1.1 == i64::MAX;
    prop_assert!(!waiting.iter().any(stays), "somebody is stuck");
    Ok(crowd)
}

/// Checks that in no second more late customers entered than the rate gives turns.
fn check_late(room: &StoredRoom, crowd: &Crowd) -> Result<(), TestCaseError> {
    for (&second, people) in &crowd.late {
        let limit = most_late(room, second);
        let people: u64 = sum(people);
        prop_assert!(
            people <= limit,
            "{people} late ones entered in second {second}, of {limit}"
        );
    }
    Ok(())
}

/// The sum that the rates gain in the second before a round.
fn gained_before(room: &StoredRoom, round: u32) -> u128 {
    let until = |second| gained(&room.segments, second_at(room.opens_at, second));
    until(round) - until(round.saturating_sub(1))
}

/// The most that a round may call: three times the rate, and one.
fn most_called(room: &StoredRoom, round: u32) -> u64 {
    match gained_before(room, round) {
        0 => 0,
        gained => u64::try_from(3 * gained / TURN).unwrap() + 1,
    }
}

/// The most late customers who may enter in a second: those of the turns that the rate gives, two rounds before.
fn most_late(room: &StoredRoom, second: u32) -> u64 {
    u64::try_from(gained_before(room, second - 2).div_ceil(TURN)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_customers_do_the_rates_hold_the_order_is_kept_and_nobody_is_stuck(case in case()) {
        let crowd = run(&case, Rule::AsItIs)?;
        check_late(&room(&case.rates), &crowd)?;
    }
}

/// Why a check fails under a wrong rule, the same in each run.
fn caught(rule: Rule, check: impl Fn(&Case) -> Result<(), TestCaseError>) -> String {
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::with_cases(60)
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    match runner.run(&case(), |case| check(&case)) {
        Err(TestError::Fail(why, _)) => why.to_string(),
        other => panic!("{rule:?} is not caught: {other:?}"),
    }
}

/// Why the bound of all who have entered fails under a wrong rule.
fn beyond_the_bound(rule: Rule) -> String {
    caught(rule, |case| run(case, rule).map(drop))
}

#[test]
fn the_bound_is_exceeded_when_late_customers_have_no_limit() {
    let why = beyond_the_bound(Rule::LateWithoutLimit);
    assert!(why.contains("had entered"), "{why}");
}

#[test]
fn the_bound_is_exceeded_when_each_part_admits_the_whole_limit() {
    let why = beyond_the_bound(Rule::LateLimitInEachPart);
    assert!(why.contains("had entered"), "{why}");
}

#[test]
fn the_bound_is_exceeded_when_late_customers_use_no_turns() {
    let why = beyond_the_bound(Rule::LateWithoutTurns);
    assert!(why.contains("had entered"), "{why}");
}

#[test]
fn more_late_customers_enter_in_a_second_when_each_part_admits_the_whole_limit() {
    let rule = Rule::LateLimitInEachPart;
    let why = caught(rule, |case| check_late(&room(&case.rates), &run(case, rule)?));
    assert!(why.contains("late ones entered in second"), "{why}");
}
