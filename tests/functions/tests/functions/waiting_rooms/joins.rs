//! Joins: an account has one place, however often it asks.

use std::sync::Arc;

use function_tests::WaitingRoomsFixture;
use function_tests::waiting_rooms_fixture::{enter_call, join_call, status_call};
use harness::Fault;
use jiff::SignedDuration;
use serde_json::json;

use super::{HOUR, seconds};

#[tokio::test]
async fn a_reload_a_second_tab_and_a_repeated_request_keep_the_place() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(HOUR, 60).await;
    let first = shop.join("ann", &room).await;
    assert_eq!((first.status, first.replayed), (201, false), "{first:?}");
    assert_eq!(first.body["is_early"], true);
    assert!(first.body.get("place").is_none());
    shop.join_all((0..40).map(|nth| format!("early-{nth}")), &room).await;
    // Reloads before, while, and long after the room opens, also with another key.
    let mut places = vec![];
    for wait in [HOUR - seconds(1), seconds(1), seconds(10), HOUR] {
        shop.advance(wait);
        shop.join_all((0..10).map(|nth| format!("{}-{nth}", shop.now())), &room)
            .await;
        let tabs = [join_call("ann", &room), join_call("ann", &room).key("another")];
        let tabs = tabs.map(|call| shop.call("join-waiting-room", call));
        for again in futures::future::join_all(tabs).await {
            assert_eq!((again.status, again.replayed), (201, true), "{again:?}");
            assert_eq!(again.body["joined_at"], first.body["joined_at"]);
            places.extend(again.body["place"].as_u64());
        }
    }
    assert_eq!(places.len(), 4);
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    assert_eq!(shop.joins(&room).await.0.len(), 41 + 40);
}

#[tokio::test]
async fn a_join_is_removed_some_days_after_the_room_and_names_only_the_account() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(HOUR, 600).await;
    let opens = shop.now() + HOUR;
    shop.join("ann", &room).await;
    let moved = shop.change(&room, &json!({ "opens_at": opens + HOUR * 24 * 7 })).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let refused = shop.change(&room, &json!({ "opens_at": opens + HOUR * 24 * 8 })).await;
    assert_eq!(refused.body["field"], "opens_at", "{refused:?}");
    let join = shop.joins(&room).await.0[0].clone();
    let days = |count| (opens + HOUR * 24 * count).as_second();
    assert_eq!(join["swept_at"], days(10));
    let mut names: Vec<&str> = join.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["customer_id", "joined_at", "pk", "sk", "swept_at", "waiting_room_id"]
    );
    shop.advance(HOUR * 24 * 30);
    shop.join("bob", &room).await;
    let (joins, _) = shop.joins(&room).await;
    let bobs = joins.iter().find(|join| join["customer_id"] == "bob").unwrap();
    assert_eq!(bobs["swept_at"], (shop.now() + HOUR * 24 * 10).as_second());
}

#[tokio::test]
async fn a_join_whose_response_is_lost_counts_once() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(HOUR, 60).await;
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    assert_eq!(shop.join("ann", &room).await.status, 201);
    let (joins, counted) = shop.joins(&room).await;
    assert_eq!((joins.len(), counted), (1, 1));
}

#[tokio::test]
async fn many_tabs_of_one_account_join_once_and_conflicts_lose_nobody() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(HOUR, 60).await;
    shop.engine.faults.set_conflicts_per_mille(200);
    assert_eq!(shop.join_all((0..8).map(|_| "ann".to_owned()), &room).await, 1);
    assert_eq!(shop.join_all((0..60).map(|nth| format!("c-{nth}")), &room).await, 60);
    let (joins, counted) = shop.joins(&room).await;
    assert_eq!((joins.len(), counted), (61, 61), "the numbers are exact");
}

#[tokio::test]
async fn a_join_costs_two_writes_and_waiting_writes_nothing() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::ZERO, 0).await;
    let [join, get, enter] =
        ["join-waiting-room", "get-waiting-room", "enter-waiting-room"].map(|action| shop.handler(action));
    shop.call_with(&join, join_call("bob", &room)).await;
    shop.engine.faults.measure();
    shop.call_with(&join, join_call("ann", &room)).await;
    let cost = shop.engine.faults.cost();
    assert_eq!(cost.requests.values().sum::<u32>(), 2, "{cost:?}");
    assert!(cost.write_units <= 4.0, "{cost:?}");
    shop.advance(seconds(10));
    shop.engine.faults.measure();
    for _ in 0..60 {
        shop.advance(seconds(1));
        for _ in 0..5 {
            let status = shop.call_with(&get, status_call(&room)).await;
            assert_eq!(status.header("cache-control"), "public, max-age=1");
        }
        let tab = shop.call_with(&join, join_call("ann", &room)).await;
        assert!(tab.replayed);
    }
    let waiting = shop.call_with(&enter, enter_call("ann", &room)).await;
    assert_eq!(waiting.problem(), "not-your-turn");
    let cost = shop.engine.faults.cost();
    assert!(cost.write_units.abs() < f64::EPSILON, "{cost:?}");
    let writes = cost.requests.keys().filter(|operation| {
        ["Write", "Put", "Update", "Delete"]
            .iter()
            .any(|write| operation.contains(write))
    });
    assert_eq!(writes.count(), 0, "{cost:?}");
    // Each second, each of two functions reads the numbers of a minute or two, one the room and one the join with the room. Three
    // functions have read all numbers at first, and two those of early comers again every five seconds, until they are twenty old.
    let again = 2 * 3 * 16;
    assert!(
        cost.requests.values().sum::<u32>() <= 60 * 4 + 3 * 16 + again + 1,
        "{cost:?}"
    );
    // Two functions and one that has just started: 48 units a second on average for the numbers, and one for the room or the join.
    assert!(cost.read_units <= 60.0 * 2.0 * (48.0 + 2.0) + 3.0 * 32.0, "{cost:?}");
}
