//! Turns: who enters when, and the rates that say so.

use std::sync::Arc;

use function_tests::WaitingRoomsFixture;
use function_tests::waiting_rooms_fixture::enter_call;
use harness::Fault;
use jiff::SignedDuration;
use serde_json::json;

use super::{HOUR, seconds, time};

#[tokio::test]
async fn customers_enter_at_their_turns_and_those_who_leave_block_nobody() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    // One a second.
    let room = shop.room(HOUR, 60).await;
    let names: Vec<String> = (0..30).map(|nth| format!("customer-{nth}")).collect();
    shop.join_all(names.iter().cloned(), &room).await;
    assert_eq!(shop.enter("customer-0", &room).await.problem(), "not-your-turn");
    assert_eq!(shop.enter("stranger", &room).await.problem(), "not-joined");
    shop.advance(HOUR + seconds(2));
    let mut order = vec![];
    for name in &names {
        let refused = shop.enter(name, &room).await;
        assert_eq!((refused.status, refused.problem()), (409, "not-your-turn"));
        let place = refused.body["place"].as_u64().unwrap();
        let expected = time(&refused.body["expected_at"]);
        assert_eq!(expected, shop.now() + seconds(i64::try_from(place).unwrap()));
        order.push((place, name));
    }
    order.sort();
    // Each third one has left.
    order.retain(|(place, _)| place % 3 > 0);
    let enter = shop.handler("enter-waiting-room");
    let (stay, mut admitted) = (order.len(), 0_u64);
    for second in 1..=27 {
        shop.advance(seconds(1));
        let mut waiting = vec![];
        for (place, name) in order {
            let answer = shop.call_with(&enter, enter_call(name, &room)).await;
            assert_eq!((answer.status == 200, answer.replayed), (answer.status < 300, false));
            match answer.status {
                200 => admitted += 1,
                _ => waiting.push((place, name)),
            }
        }
        order = waiting;
        assert!(admitted <= second + 3, "{admitted} after {second} s");
    }
    assert!(
        order.is_empty(),
        "others are called instead of those who have left: {order:?}"
    );
    let (joins, in_time, late) = shop.entries(&room).await;
    assert_eq!((joins.len(), in_time, late), (stay, stay as u64, 0));
}

#[tokio::test]
async fn late_customers_enter_as_long_as_there_are_not_too_many_of_them() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    // Two a second.
    let room = shop.room(HOUR, 120).await;
    let names: Vec<String> = (0..40).map(|nth| format!("customer-{nth}")).collect();
    shop.join_all(names.iter().cloned(), &room).await;
    shop.advance(HOUR + seconds(60));
    assert_eq!(
        shop.status(&room).await["serving_number"],
        40,
        "all are called, and none came"
    );
    let enter = shop.handler("enter-waiting-room");
    let (mut waiting, mut total) = (names, 0);
    for second in 0..30 {
        let mut later = vec![];
        shop.engine.faults.measure();
        for name in waiting {
            let answer = shop.call_with(&enter, enter_call(&name, &room)).await;
            if answer.status == 200 {
                total += 1;
                continue;
            }
            assert_eq!(answer.problem(), "not-your-turn", "{answer:?}");
            assert!(answer.body["place"].as_u64() <= answer.body["serving_number"].as_u64());
            later.push(name);
        }
        let transactions = shop.engine.faults.cost().requests.get("TransactWriteItems").copied();
        assert!(
            transactions.unwrap_or_default() <= 3,
            "the others are refused without a write"
        );
        waiting = later;
        assert!(total <= 2 * second + 7, "{total} in {second} s");
        shop.advance(seconds(1));
    }
    assert!(waiting.is_empty(), "{waiting:?}");
    let (joins, in_time, late) = shop.entries(&room).await;
    assert_eq!((joins.len(), in_time, late), (40, 0, 40));
}

#[tokio::test]
async fn an_entry_counts_once_whatever_is_lost_or_conflicts() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(SignedDuration::ZERO, 60_000).await;
    let names: Vec<String> = (0..30).map(|nth| format!("customer-{nth}")).collect();
    shop.join_all(names.iter().cloned(), &room).await;
    shop.advance(seconds(4));
    shop.engine.faults.set_conflicts_per_mille(200);
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    let enter = shop.handler("enter-waiting-room");
    let twice = names.iter().chain(&names).map(|name| enter_call(name, &room));
    let answers = futures::future::join_all(twice.map(|call| shop.call_with(&enter, call))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let (joins, in_time, late) = shop.entries(&room).await;
    assert_eq!((joins.len(), in_time + late), (30, 30), "the numbers are exact");
}

#[tokio::test]
async fn an_entry_costs_two_writes() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::ZERO, 6000).await;
    let enter = shop.handler("enter-waiting-room");
    for name in ["ann", "bob"] {
        shop.join(name, &room).await;
    }
    shop.advance(seconds(5));
    assert_eq!(shop.call_with(&enter, enter_call("ann", &room)).await.status, 200);
    shop.engine.faults.measure();
    assert_eq!(shop.call_with(&enter, enter_call("bob", &room)).await.status, 200);
    let cost = shop.engine.faults.cost();
    assert_eq!(cost.requests.values().sum::<u32>(), 2, "{cost:?}");
    assert!(cost.write_units <= 4.0, "{cost:?}");
}

#[tokio::test]
async fn an_admission_is_not_renewed_by_entering_again() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::ZERO, 6000).await;
    shop.join("ann", &room).await;
    shop.advance(seconds(10));
    let first = shop.enter("ann", &room).await;
    assert_eq!((first.status, first.replayed), (200, false), "{first:?}");
    assert_eq!(time(&first.body["expires_at"]), shop.now() + seconds(600));
    for wait in [seconds(0), seconds(599), seconds(3600)] {
        shop.advance(wait);
        let again = shop.enter("ann", &room).await;
        assert_eq!((again.status, again.replayed), (200, true));
        assert_eq!(again.body, first.body);
    }
    assert_eq!(
        shop.join("ann", &room).await.body["admitted_until"],
        first.body["expires_at"]
    );
}

#[tokio::test]
async fn of_two_entries_at_once_one_writes_the_admission() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::ZERO, 6000).await;
    shop.join("ann", &room).await;
    shop.advance(seconds(10));
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    let entries = futures::future::join_all((0..4).map(|_| shop.enter("ann", &room))).await;
    assert!(entries.iter().all(|entry| entry.status == 200), "{entries:?}");
    assert!(entries.iter().all(|entry| entry.body == entries[0].body), "{entries:?}");
}

#[tokio::test]
async fn another_rate_counts_from_its_time_on() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(HOUR, 600).await;
    shop.join_all((0..100).map(|nth| format!("c-{nth}")), &room).await;
    let serving = async |shop: &WaitingRoomsFixture| shop.status(&room).await["serving_number"].as_u64().unwrap();
    shop.advance(HOUR + seconds(4));
    assert_eq!(serving(&shop).await, 20);
    assert_eq!(shop.change(&room, &json!({ "rate_per_minute": 0 })).await.status, 200);
    assert_eq!(serving(&shop).await, 20, "what was told stays");
    shop.advance(seconds(5));
    let paused = serving(&shop).await;
    assert!(
        (40..60).contains(&paused),
        "two seconds later it takes effect: {paused}"
    );
    shop.advance(seconds(60));
    assert_eq!(serving(&shop).await, paused);
    assert_eq!(shop.change(&room, &json!({ "rate_per_minute": 60 })).await.status, 200);
    assert_eq!(serving(&shop).await, paused);
    shop.advance(seconds(12));
    let later = serving(&shop).await - paused;
    assert!((8..=12).contains(&later), "ten seconds of one a second: {later}");
}

#[tokio::test]
async fn an_alarm_halves_the_rates_of_open_rooms_at_most_once_in_five_minutes_and_its_end_doubles_them() {
    let shop = WaitingRoomsFixture::open().await;
    let open = shop.room(SignedDuration::ZERO, 6000).await;
    let slow = shop.room(SignedDuration::ZERO, 1).await;
    let paused = shop.room(SignedDuration::ZERO, 0).await;
    let later = shop.room(HOUR, 6000).await;
    shop.advance(seconds(30));
    let rates = async |room: &str| {
        let status = shop.status(room).await;
        let segments = status["segments"].as_array().unwrap().clone();
        segments
            .iter()
            .map(|segment| segment["rate_per_minute"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    shop.alarm("OK").await;
    assert_eq!(rates(&open).await, [6000]);
    shop.alarm("ALARM").await;
    // The same event again, and another alarm of the same fault.
    shop.alarm("ALARM").await;
    shop.advance(seconds(280));
    shop.alarm("ALARM").await;
    assert_eq!(rates(&open).await, [6000, 3000]);
    shop.advance(seconds(25));
    for _ in 0..2 {
        shop.alarm("OK").await;
        assert_eq!(rates(&open).await, [6000, 3000, 6000]);
    }
    shop.advance(seconds(301));
    shop.alarm("ALARM").await;
    assert_eq!(rates(&open).await, [6000, 3000, 6000, 3000]);
    assert_eq!(
        (rates(&slow).await, rates(&paused).await, rates(&later).await),
        (vec![1], vec![0], vec![6000])
    );
    // An administrator is faster.
    shop.advance(seconds(61));
    assert_eq!(shop.change(&open, &json!({ "rate_per_minute": 400 })).await.status, 200);
    shop.advance(seconds(1));
    shop.alarm("ALARM").await;
    assert_eq!(rates(&open).await, [6000, 3000, 6000, 3000, 400]);
    shop.alarm("OK").await;
    assert_eq!(
        rates(&open).await,
        [6000, 3000, 6000, 3000, 400],
        "the administrator's rate stays"
    );
}

#[tokio::test]
async fn a_day_after_the_opening_a_room_admits_everybody_at_once() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(SignedDuration::ZERO, 1).await;
    shop.advance(SignedDuration::from_hours(24) - seconds(10));
    shop.join_all((0..5).map(|nth| format!("c-{nth}")), &room).await;
    shop.advance(seconds(9));
    let refused = futures::future::join_all((0..5).map(|nth| format!("c-{nth}")).map(|name| {
        let (shop, room) = (Arc::clone(&shop), room.clone());
        async move { shop.enter(&name, &room).await }
    }));
    assert!(refused.await.iter().filter(|answer| answer.status == 409).count() >= 4);
    shop.advance(seconds(1));
    assert_eq!(shop.status(&room).await["is_paced"], false);
    for nth in 0..5 {
        assert_eq!(shop.enter(&format!("c-{nth}"), &room).await.status, 200);
    }
    shop.advance(SignedDuration::from_hours(50));
    assert_eq!(shop.join("late", &room).await.status, 201);
    assert_eq!(shop.enter("late", &room).await.status, 200);
    shop.engine.faults.measure();
    assert_eq!(shop.status(&room).await["joined"], 5, "who came later needs no place");
    assert!(shop.engine.faults.cost().read_units <= 20.0);
    let first = shop.enter("c-0", &room).await;
    shop.advance(SignedDuration::from_mins(11));
    let again = shop.enter("c-0", &room).await;
    assert_eq!(
        (again.status, again.replayed),
        (200, false),
        "its admission is over: {again:?}"
    );
    assert_ne!(again.body["expires_at"], first.body["expires_at"]);
    let repeated = shop.enter("c-0", &room).await;
    assert_eq!(
        (repeated.replayed, &repeated.body["expires_at"]),
        (true, &again.body["expires_at"])
    );
}

#[tokio::test]
async fn a_room_that_was_paused_for_longer_than_a_day_goes_on_at_its_rate() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(SignedDuration::ZERO, 60).await;
    shop.join_all((0..20).map(|nth| format!("c-{nth}")), &room).await;
    shop.advance(seconds(6));
    assert_eq!(shop.change(&room, &json!({ "rate_per_minute": 0 })).await.status, 200);
    shop.advance(SignedDuration::from_hours(30));
    assert_eq!(shop.status(&room).await["is_paced"], true);
    let called = shop.status(&room).await["serving_number"].as_u64().unwrap();
    assert!(called <= 6, "{called}");
    let enter = shop.handler("enter-waiting-room");
    for nth in 0..20 {
        let refused = shop.call_with(&enter, enter_call(&format!("c-{nth}"), &room)).await;
        assert_eq!(refused.problem(), "not-your-turn", "it is paused");
    }
    assert_eq!(shop.change(&room, &json!({ "rate_per_minute": 60 })).await.status, 200);
    shop.advance(seconds(7));
    let status = shop.status(&room).await;
    assert_eq!(status["is_paced"], true);
    assert!(status["serving_number"].as_u64().unwrap() <= called + 7, "{status}");
    // Without the pause, it has rates for 24 hours.
    shop.advance(SignedDuration::from_hours(24) - seconds(20));
    assert_eq!(shop.status(&room).await["is_paced"], true);
    shop.advance(seconds(20));
    assert_eq!(shop.status(&room).await["is_paced"], false);
    let paused = shop.room(SignedDuration::ZERO, 0).await;
    shop.advance(SignedDuration::from_hours(48) + seconds(1));
    let refused = shop.change(&paused, &json!({ "rate_per_minute": 60 })).await;
    assert_eq!((refused.status, refused.problem()), (409, "waiting-room-over"));
}
