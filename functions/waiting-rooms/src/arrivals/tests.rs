//! The line as a whole: rates, order, and those who leave.

use std::collections::HashMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use shared::core::actor::Actor;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::waiting_rooms::WaitingRoomId;
use uuid::Uuid;

use super::*;
use crate::lottery::Seed;
use crate::turns::RateSegment;

const OPENS: i64 = 1_800_000_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(OPENS + ms).unwrap()
}

fn room(rates: &[(i64, u32)]) -> StoredRoom {
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
        sold_out: false,
        seed: Seed(*b"0123456789abcdef0123456789abcdef"),
        created_at: at(-1_000_000),
        updated_at: at(-1_000_000),
        fingerprint: Fingerprint::of(&()).unwrap(),
        version: 1,
        updated_by: Actor::function("test"),
    }
}

/// Those who wait, and the numbers that are stored of them.
#[derive(Default)]
struct Crowd {
    people: Vec<(Bucket, Draw)>,
    arrivals: Arrivals,
}

impl Crowd {
    fn join(&mut self, room: &StoredRoom, count: u32, mut time: impl FnMut() -> i64) {
        for _ in 0..count {
            let account = CustomerId::new(format!("account-{}", self.people.len()));
            let (draw, bucket) = (room.seed.draw(&account), Bucket::of(room.opens_at, at(time())));
            match bucket {
                Bucket::Early => self.arrivals.early[draw.part(EARLY_BITS)] += 1,
                Bucket::Second(second) => {
                    self.arrivals.seconds.entry(second).or_default()[draw.part(LATER_BITS)] += 1;
                }
            }
            self.people.push((bucket, draw));
        }
    }

    /// The people whose turn it is at `now`.
    fn called(&self, room: &StoredRoom, now: Timestamp) -> Vec<usize> {
        let Some(line) = Line::of(&self.arrivals, room, now) else {
            return vec![];
        };
        let serving = line.serving_number(room, now);
        let is_called =
            |&(bucket, draw): &(Bucket, Draw)| line.place(bucket, draw).is_some_and(|place| place <= serving);
        let people = self.people.iter().enumerate();
        people
            .filter(|(_, person)| is_called(person))
            .map(|(nth, _)| nth)
            .collect()
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
    let line = Line::of(&crowd.arrivals, &room, at(2000)).unwrap();
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
fn nobody_waits_for_those_who_have_left() {
    // The turns are a function of time: whether the first 10,000 enter changes nothing for the others.
    let room = room(&[(0, 60_000)]);
    let mut crowd = Crowd::default();
    crowd.join(&room, 30_000, || -1);
    let called = crowd.called(&room, at(12_000));
    let later = crowd.called(&room, at(33_000));
    assert!(called.len() < 11_000);
    assert_eq!(later.len(), 30_000);
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
    assert!((90..=120).contains(&called(13)), "{}", called(13));
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
    assert_eq!(called(3000), called(62_900));
    assert!(called(64_000) > called(63_000));
    let line = Line::of(&crowd.arrivals, &room, at(10_000)).unwrap();
    assert_eq!(line.expected_at(&room, 2000), Some(at(64_000)));
    assert_eq!(line.serving_number(&room, at(64_000)), 2000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whoever_is_called_stays_called_and_no_later_place_is_called_first(
        joins in prop::collection::vec((-5000..60_000_i64, 1..40_u32), 1..20),
        rates in prop::collection::vec((1..50_000_i64, 0..6_000_u32), 0..4),
        first in 0..6_000_u32,
    ) {
        let mut rates = rates;
        rates.push((0, first));
        rates.sort_by_key(|(from, _)| *from);
        rates.dedup_by_key(|(from, _)| *from);
        let room = room(&rates);
        let mut crowd = Crowd::default();
        for (time, count) in joins {
            crowd.join(&room, count, || time);
        }
        let mut places: HashMap<usize, u64> = HashMap::new();
        let mut before: Vec<usize> = vec![];
        for now in (0..80_000).step_by(700) {
            let now = at(now);
            let called = crowd.called(&room, now);
            prop_assert!(before.iter().all(|person| called.contains(person)), "somebody is sent back");
            // Places are expected, not counted, within a part: some share one.
            let turns = turns(&room.segments, now);
            let spread = 3 + called.len() / 2;
            prop_assert!(called.len() as u64 <= turns + spread as u64, "{} of {turns}", called.len());
            if let Some(line) = Line::of(&crowd.arrivals, &room, now) {
                for (nth, &(bucket, draw)) in crowd.people.iter().enumerate() {
                    if let Some(place) = line.place(bucket, draw) {
                        prop_assert_eq!(*places.entry(nth).or_insert(place), place, "a place stays");
                    }
                }
                let last = called.iter().map(|nth| places[nth]).max().unwrap_or_default();
                let waiting = (0..crowd.people.len()).filter(|nth| !called.contains(nth));
                prop_assert!(waiting.filter_map(|nth| places.get(&nth)).all(|&place| place > last));
            }
            before = called;
        }
    }
}

#[test]
fn a_second_of_joins_is_known_when_it_is_closed() {
    let opens = at(0);
    assert_eq!(closed_seconds(opens, at(1999)), None);
    assert_eq!(closed_seconds(opens, at(2000)), Some(0));
    assert_eq!(closed_seconds(opens, at(2999)), Some(0));
    assert_eq!(closed_seconds(opens, at(3000)), Some(1));
    let closed = closed_at(Bucket::Second(0), opens);
    assert_eq!(closed, at(3000));
    assert_eq!(closed.duration_since(opens), SignedDuration::from_secs(3));
}
