//! Waiting rooms: joins that stay, places that anybody can check, admissions, and what they guard.

use std::sync::Arc;

use function_tests::coupons_fixture::{self, claim_call};
use function_tests::tickets_fixture::hold_call;
use function_tests::waiting_rooms_fixture::{create_call, enter_call, join_call, of_room, status_call, update_call};
use function_tests::{Shop, TicketsFixture, WaitingRoomsFixture};
use harness::gateway::{Answer, Call};
use harness::{ADMISSION_KEYS, Fault};
use jiff::{SignedDuration, Timestamp};
use ring::{digest, hmac};
use serde_json::{Value, json};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(pair).collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The place of an early comer, computed from the published status alone.
fn place_by_hand(status: &Value, account: &str) -> u64 {
    let seed = bytes(status["seed"].as_str().unwrap());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &seed), account.as_bytes());
    let draw = u64::from_be_bytes(tag.as_ref()[..8].try_into().unwrap());
    let early: Vec<u64> = serde_json::from_value(status["early"].clone()).unwrap();
    let part = usize::try_from(draw >> 56).unwrap();
    let rest = u128::from(draw << 8 >> 8);
    let share = (rest * u128::from(early.get(part).copied().unwrap_or_default())) >> 56;
    1 + early.iter().take(part).sum::<u64>() + u64::try_from(share).unwrap()
}

/// The place of a customer who joined after the opening, computed from the published lottery of the second alone.
fn later_place_by_hand(lottery: &Value, account: &str) -> u64 {
    let key = bytes(lottery["key"].as_str().unwrap());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), account.as_bytes());
    let draw = u64::from_be_bytes(tag.as_ref()[..8].try_into().unwrap());
    let people: Vec<u64> = serde_json::from_value(lottery["people"].clone()).unwrap();
    let part = usize::try_from(draw >> 60).unwrap();
    let share = (u128::from(draw << 4 >> 4) * u128::from(people[part])) >> 60;
    1 + lottery["before"].as_u64().unwrap() + people.iter().take(part).sum::<u64>() + u64::try_from(share).unwrap()
}

#[tokio::test]
async fn a_room_is_created_and_changed_and_its_seed_stays_secret_until_the_draw() {
    let shop = WaitingRoomsFixture::open().await;
    let opens = shop.now() + HOUR;
    let body = json!({ "name": "Spring tour", "opens_at": opens, "rate_per_minute": 6000 });
    let created = shop.call("create-waiting-room", create_call("k", &body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["token_minutes"], 10);
    assert_eq!(
        created.body["segments"],
        json!([{ "from": opens, "rate_per_minute": 6000 }])
    );
    assert!(created.body.get("seed").is_none());
    let room = created.body["waiting_room_id"].as_str().unwrap();
    let get = of_room("GET", "/admin/waiting-rooms/{waiting_room_id}", room).by_admin();
    let seen = shop.call("get-admin-waiting-room", get.clone()).await;
    assert_eq!(seen.body, created.body);
    let stale = seen.header("etag").to_owned();
    let change = json!({ "rate_per_minute": 300, "name": "Autumn tour", "opens_at": opens + HOUR });
    let changed = shop
        .call("update-waiting-room", update_call(room, &stale, &change))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        changed.body["segments"],
        json!([{ "from": opens + HOUR, "rate_per_minute": 300 }]),
        "before the opening there is one rate"
    );
    let refused = shop
        .call("update-waiting-room", update_call(room, &stale, &body_of("Other")))
        .await;
    assert_eq!(refused.problem(), "precondition-failed");
    shop.advance(HOUR + HOUR + seconds(1));
    assert!(shop.status(room).await.get("seed").is_none());
    shop.advance(seconds(1));
    let status = shop.status(room).await;
    let seed = bytes(status["seed"].as_str().unwrap());
    let hash = digest::digest(&digest::SHA256, &seed);
    assert_eq!(hash.as_ref(), bytes(created.body["seed_sha256"].as_str().unwrap()));
    assert_eq!(status["seed_sha256"], created.body["seed_sha256"]);
}

#[tokio::test]
async fn administrators_list_all_rooms_by_pages_and_see_no_secret_seed() {
    let shop = WaitingRoomsFixture::open().await;
    let mut rooms = vec![];
    for hours in [2, 1, 3] {
        rooms.push((hours, shop.room(SignedDuration::from_hours(hours), 60).await));
    }
    rooms.sort_by_key(|(hours, _)| -hours);
    let list = Call::new("GET", "/admin/waiting-rooms").by_admin().query("limit", "2");
    let first = shop.call("list-admin-waiting-rooms", list.clone()).await;
    assert_eq!(first.status, 200, "{first:?}");
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = shop
        .call("list-admin-waiting-rooms", list.query("cursor", cursor))
        .await;
    let pages = [&first, &second].map(|page| page.body["items"].as_array().unwrap().clone());
    let seen = pages.concat();
    let ids = seen.iter().map(|room| room["waiting_room_id"].as_str().unwrap());
    assert!(ids.eq(rooms.iter().map(|(_, room)| room)), "{seen:?}");
    assert!(
        seen.iter()
            .all(|room| room.get("seed").is_none() && room.get("later_seed").is_none())
    );
    assert!(second.body["next_cursor"].is_null(), "{second:?}");
    let get = of_room("GET", "/admin/waiting-rooms/{waiting_room_id}", &rooms[0].1).by_admin();
    assert_eq!(shop.call("get-admin-waiting-room", get).await.body, seen[0]);
    let customer = Call::new("GET", "/admin/waiting-rooms").by("ann");
    assert_eq!(
        shop.call("list-admin-waiting-rooms", customer).await.problem(),
        "forbidden"
    );
}

fn body_of(name: &str) -> Value {
    json!({ "name": name })
}

#[tokio::test]
async fn a_field_of_a_room_that_breaks_a_rule_is_named() {
    let shop = WaitingRoomsFixture::open().await;
    let good = json!({ "name": "Spring tour", "opens_at": shop.now(), "rate_per_minute": 60 });
    for (field, value) in [
        ("name", json!("")),
        ("opens_at", json!(shop.now() - seconds(1))),
        ("rate_per_minute", json!(600_001)),
        ("token_minutes", json!(0)),
        ("token_minutes", json!(61)),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = shop.call("create-waiting-room", create_call("k", &body)).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (422, "invalid-waiting-room"),
            "{field}"
        );
        assert_eq!(refused.body["field"], field);
    }
    let room = shop.room(HOUR, 60).await;
    let soon = json!({ "opens_at": shop.now() + seconds(9) });
    assert_eq!(shop.change(&room, &soon).await.body["field"], "opens_at");
    shop.advance(HOUR - seconds(9));
    let later = json!({ "opens_at": shop.now() + HOUR });
    assert_eq!(shop.change(&room, &later).await.problem(), "waiting-room-open");
}

#[tokio::test]
async fn a_room_has_a_limited_number_of_rates() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::ZERO, 60).await;
    for nth in 1..100_u32 {
        shop.advance(seconds(1));
        assert_eq!(
            shop.change(&room, &json!({ "rate_per_minute": 60 + nth })).await.status,
            200
        );
    }
    shop.advance(seconds(1));
    let refused = shop.change(&room, &json!({ "rate_per_minute": 1 })).await;
    assert_eq!(refused.problem(), "too-many-rates");
    assert_eq!(
        shop.change(&room, &json!({ "sold_out": true })).await.body["sold_out"],
        true
    );
    assert_eq!(shop.status(&room).await["sold_out"], true);
}

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

#[tokio::test]
async fn anybody_can_compute_the_places_of_early_comers_from_the_published_seed() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(HOUR, 6000).await;
    let names: Vec<String> = (0..300).map(|nth| format!("customer-{nth}")).collect();
    shop.join_all(names.iter().cloned(), &room).await;
    shop.advance(HOUR);
    let open = shop.call("join-waiting-room", join_call("customer-0", &room)).await;
    assert!(open.body.get("place").is_none(), "the bucket is not closed");
    shop.advance(seconds(2));
    let status = shop.status(&room).await;
    assert_eq!(status["joined"], 300);
    let mut places = vec![];
    for name in &names {
        let join = shop.join(name, &room).await;
        let place = join.body["place"].as_u64().unwrap();
        assert_eq!(place, place_by_hand(&status, name), "{name}");
        places.push(place);
    }
    places.sort_unstable();
    assert!(places[0] <= 8 && places[299] <= 300, "{places:?}");
    assert!(
        places
            .iter()
            .enumerate()
            .all(|(rank, place)| place.abs_diff(rank as u64 + 1) <= 8),
        "{places:?}"
    );
}

#[tokio::test]
async fn nobody_can_know_a_later_draw_before_the_second_is_over_and_anybody_can_check_it_then() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(HOUR, 6000).await;
    shop.join_all((0..7).map(|nth| format!("early-{nth}")), &room).await;
    shop.advance(HOUR + seconds(100));
    let names: Vec<String> = (0..60).map(|nth| format!("late-{nth}")).collect();
    shop.join_all(names.iter().cloned(), &room).await;
    let open = shop.join("late-0", &room).await;
    assert!(open.body.get("lottery").is_none(), "{open:?}");
    shop.advance(seconds(3));
    let mut places = vec![];
    for name in &names {
        let join = shop.join(name, &room).await.body;
        assert_eq!(join["lottery"], shop.join("late-0", &room).await.body["lottery"]);
        assert_eq!(
            join["place"].as_u64().unwrap(),
            later_place_by_hand(&join["lottery"], name)
        );
        places.push(join["place"].as_u64().unwrap());
    }
    places.sort_unstable();
    assert!(places[0] > 7 && places[0] <= 12 && places[59] <= 67, "{places:?}");
    // The key is not that of the early comers, and nobody can compute it.
    let status = shop.status(&room).await;
    let lottery = shop.join("late-0", &room).await.body["lottery"].clone();
    assert_eq!((&lottery["second"], &lottery["before"]), (&json!(100), &json!(7)));
    assert_ne!(lottery["key"], status["seed"]);
    assert!(status.get("later_seed").is_none(), "{status}");
    shop.advance(SignedDuration::from_hours(24));
    let status = shop.status(&room).await;
    let seed = bytes(status["later_seed"].as_str().unwrap());
    let hash = digest::digest(&digest::SHA256, &seed);
    assert_eq!(hash.as_ref(), bytes(status["later_seed_sha256"].as_str().unwrap()));
    let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &seed), &100_u32.to_be_bytes());
    assert_eq!(
        key.as_ref(),
        bytes(lottery["key"].as_str().unwrap()),
        "it was fixed from the creation on"
    );
}

#[tokio::test]
async fn early_comers_are_before_later_ones_and_each_second_before_the_next() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(HOUR, 60).await;
    let mut groups = vec![];
    for (group, wait) in [HOUR, seconds(0), seconds(5), seconds(70)].into_iter().enumerate() {
        if group > 0 {
            shop.advance(wait);
        }
        let names: Vec<String> = (0..20).map(|nth| format!("{group}-{nth}")).collect();
        shop.join_all(names.iter().cloned(), &room).await;
        groups.push(names);
        if group == 0 {
            shop.advance(wait);
        }
    }
    shop.advance(seconds(10));
    let mut last = 0;
    for names in groups {
        let mut places = vec![];
        for name in &names {
            places.push(shop.join(name, &room).await.body["place"].as_u64().unwrap());
        }
        assert!(
            places.iter().all(|place| *place > last && *place <= last + 20),
            "{last}: {places:?}"
        );
        last += 20;
    }
}

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

#[tokio::test]
async fn a_function_that_has_just_started_and_a_warm_one_tell_the_same_places() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(SignedDuration::ZERO, 6).await;
    let warm = shop.handler("get-waiting-room");
    // Some minutes in a row, a long silence, and some minutes again.
    for minutes in [1, 1, 2, 5, 1, 20, 1] {
        let names: Vec<String> = (0..9).map(|nth| format!("{}-{nth}", shop.now())).collect();
        shop.join_all(names.into_iter(), &room).await;
        shop.advance(SignedDuration::from_mins(minutes));
        let seen = shop.call_with(&warm, status_call(&room)).await.body;
        assert_eq!(seen, shop.status(&room).await);
    }
    assert_eq!(shop.status(&room).await["joined"], 63);
}

#[tokio::test]
async fn a_number_that_is_stored_late_is_known_to_warm_functions_within_a_second_or_five() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(SignedDuration::ZERO, 120).await;
    let warm = shop.handler("get-waiting-room");
    shop.join_all((0..30).map(|nth| format!("c-{nth}")), &room).await;
    shop.advance(seconds(10));
    let before = shop.call_with(&warm, status_call(&room)).await.body;
    assert_eq!(before["joined"], 30);
    for (sk, number, joined, within) in [
        ("E#003", "early", 31, 5),
        ("M#000000", "s05", 32, 1),
        ("M#000000#E", "i02", 32, 1),
        ("M#000000#E", "l08", 32, 1),
    ] {
        shop.count_late(&room, sk, number).await;
        shop.advance(seconds(within));
        let seen = shop.call_with(&warm, status_call(&room)).await.body;
        assert_eq!(seen, shop.status(&room).await, "{number}");
        assert_eq!(seen["joined"], joined, "{number}");
    }
    // Half a minute later, in another minute.
    shop.advance(seconds(45));
    shop.call_with(&warm, status_call(&room)).await;
    shop.count_late(&room, "M#000000", "s58").await;
    shop.advance(seconds(1));
    let seen = shop.call_with(&warm, status_call(&room)).await.body;
    assert_eq!(seen, shop.status(&room).await);
    assert_eq!(seen["joined"], 33);
}

#[tokio::test]
async fn a_function_that_has_just_started_adds_up_pages_of_numbers() {
    let shop = Arc::new(WaitingRoomsFixture::open().await);
    let room = shop.room(SignedDuration::ZERO, 6).await;
    let warm = shop.handler("get-waiting-room");
    // More minutes than an answer has items.
    for nth in 0..130 {
        shop.count_late(&room, &format!("M#{nth:06}"), "s30").await;
    }
    shop.advance(SignedDuration::from_mins(131));
    let seen = shop.call_with(&warm, status_call(&room)).await.body;
    assert_eq!(seen["joined"], 130);
}

#[tokio::test]
async fn the_page_runs_its_own_script_only_and_stays_out_of_frames() {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(HOUR, 60).await;
    let call = of_room("GET", "/waiting-rooms/{waiting_room_id}/page", &room).query("return_to", "/shows/1");
    let page = shop.call("get-waiting-room-page", call.clone()).await;
    assert_eq!(
        (page.status, page.media_type.as_str()),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"));
    assert!(
        !page.body.as_str().unwrap().contains("/shows/1"),
        "nothing of the request is in the page"
    );
    let tag = page.header("etag").to_owned();
    let again = shop
        .call("get-waiting-room-page", call.header("if-none-match", &tag))
        .await;
    assert_eq!(again.status, 304);
}

/// A showtime on sale behind a room.
async fn guarded_showtime() -> (TicketsFixture, WaitingRoomsFixture, String, String) {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 2, 2, 10).await;
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();
    let rooms = WaitingRoomsFixture::in_shop(shop.again());
    shop.vault
        .set_secret(ADMISSION_KEYS, &json!({ "1": function_tests::tickets_fixture::KEY }));
    let room = rooms.room(SignedDuration::ZERO, 6000).await;
    let changed = shop.change(&showtime, &json!({ "waiting_room_id": room })).await;
    assert_eq!(changed.body["waiting_room_id"], room, "{changed:?}");
    (shop, rooms, showtime, room)
}

async fn hold(shop: &TicketsFixture, customer: &str, key: &str, showtime: &str, seat: &str, token: &str) -> Answer {
    let call = hold_call(customer, key, showtime, &json!({ "seats": [seat] }));
    shop.call("hold-seats", call.header("waiting-room-token", token)).await
}

#[tokio::test]
async fn seats_behind_a_room_need_the_admission_of_the_account_and_the_room() {
    let (shop, rooms, showtime, room) = guarded_showtime().await;
    assert_eq!(shop.see(&showtime).await.body["waiting_room_id"], room);
    let without = shop.hold("ann", "a", &showtime, &["0-0-0"]).await;
    assert_eq!((without.status, without.problem()), (409, "admission-required"));
    assert_eq!(without.body["waiting_room_id"], room);
    let other = rooms.room(SignedDuration::ZERO, 6000).await;
    for id in [&room, &other] {
        for name in ["ann", "bob"] {
            rooms.join(name, id).await;
        }
    }
    let wait = |time| shop.advance(time);
    wait(seconds(10));
    let (anns, bobs, others) = (
        rooms.token("ann", &room).await,
        rooms.token("bob", &room).await,
        rooms.token("ann", &other).await,
    );
    let altered = format!("{}{}", &anns[..77], if anns.ends_with('A') { "E" } else { "A" });
    for (why, token) in [
        ("another account", &bobs),
        ("another room", &others),
        ("altered", &altered),
    ] {
        let refused = hold(&shop, "ann", "b", &showtime, "0-0-0", token).await;
        assert_eq!(refused.problem(), "admission-required", "{why}");
    }
    let held = hold(&shop, "ann", "b", &showtime, "0-0-0", &anns).await;
    assert_eq!(held.status, 201, "{held:?}");
    // The retry of a hold is the hold, with or without the token, also when the admission is over.
    wait(seconds(601));
    let again = shop.hold("ann", "b", &showtime, &["0-0-0"]).await;
    assert_eq!((again.status, again.replayed), (201, true), "{again:?}");
    let late = hold(&shop, "bob", "c", &showtime, "0-0-5", &bobs).await;
    assert_eq!(late.problem(), "admission-required");
    assert!(late.body["detail"].as_str().unwrap().contains("ended"), "{late:?}");
    // Without the room, anybody can.
    assert_eq!(
        shop.change(&showtime, &json!({ "waiting_room_id": null })).await.status,
        200
    );
    assert_eq!(shop.hold("bob", "d", &showtime, &["0-0-5"]).await.status, 201);
}

#[tokio::test]
async fn an_admission_is_checked_without_a_request() {
    let (shop, rooms, showtime, room) = guarded_showtime().await;
    for name in ["ann", "bob"] {
        rooms.join(name, &room).await;
    }
    shop.advance(seconds(10));
    let (anns, bobs) = (rooms.token("ann", &room).await, rooms.token("bob", &room).await);
    let function = shop.handler("hold-seats");
    let call = |name: &str, seat: &str, token: &str| {
        let call = hold_call(name, "k", &showtime, &json!({ "seats": [seat] }));
        call.header("waiting-room-token", token)
    };
    assert_eq!(shop.call_with(&function, call("ann", "0-0-0", &anns)).await.status, 201);
    let reads = shop.vault.reads();
    shop.engine.faults.measure();
    assert_eq!(shop.call_with(&function, call("bob", "0-1-0", &bobs)).await.status, 201);
    assert_eq!(shop.engine.faults.cost().requests.values().sum::<u32>(), 2);
    assert_eq!(shop.vault.reads(), reads, "the keys are remembered");
    // Texts that are no tokens cost no look at the keys.
    for text in ["", "x", &"A".repeat(78), &"x".repeat(5000)] {
        let refused = shop.call_with(&function, call("cat", "0-1-5", text).key("other")).await;
        assert_eq!(refused.problem(), "admission-required");
    }
    assert_eq!(shop.vault.reads(), reads);
}

#[tokio::test]
async fn a_rotated_key_is_noticed_and_the_former_one_is_valid_until_it_is_removed() {
    let (shop, rooms, showtime, room) = guarded_showtime().await;
    let wait = |time| shop.advance(time);
    for name in ["ann", "bob", "cat"] {
        rooms.join(name, &room).await;
    }
    wait(seconds(10));
    let old = rooms.token("ann", &room).await;
    let function = shop.handler("hold-seats");
    let call = |name: &str, seat: &str, token: &str| {
        let call = hold_call(name, "k", &showtime, &json!({ "seats": [seat] }));
        call.header("waiting-room-token", token)
    };
    assert_eq!(shop.call_with(&function, call("ann", "0-0-0", &old)).await.status, 201);
    let (first, second) = (function_tests::tickets_fixture::KEY, "f".repeat(40));
    for vault in [&shop.vault, &rooms.vault] {
        vault.set_secret(ADMISSION_KEYS, &json!({ "1": first, "2": second }));
    }
    let new = rooms.token("bob", &room).await;
    assert_eq!(shop.call_with(&function, call("bob", "0-1-0", &new)).await.status, 201);
    shop.vault.set_secret(ADMISSION_KEYS, &json!({ "2": second }));
    let forged = hold(&shop, "ann", "z", &showtime, "1-0-0", &old).await;
    assert_eq!(forged.problem(), "admission-required");
}

#[tokio::test]
async fn a_coupon_behind_a_room_needs_an_admission_and_an_earlier_claim_does_not() {
    let shop = Shop::with("tea", 1, 10).await;
    let rooms = WaitingRoomsFixture::in_shop(shop.again());
    let room = rooms.room(SignedDuration::ZERO, 6000).await;
    let action = |name: &str| {
        let action = coupons::ACTIONS.iter().find(|action| action.name == name).unwrap();
        (action.build)(&rooms.platform()).unwrap()
    };
    let mut body = coupons_fixture::coupon(&shop);
    body["waiting_room_id"] = json!(room);
    let create = coupons_fixture::create_call("k", &body);
    let created = rooms.call_with(&action("create-coupon"), create).await;
    assert_eq!(
        (created.status, &created.body["waiting_room_id"]),
        (201, &json!(room)),
        "{created:?}"
    );
    let coupon = created.body["coupon_id"].as_str().unwrap();
    let claim = async |name: &str, token: Option<&str>| {
        let call = claim_call(name, coupon);
        let call = token.map_or_else(
            || call.clone(),
            |token| call.clone().header("waiting-room-token", token),
        );
        rooms.call_with(&action("claim-coupon"), call).await
    };
    assert_eq!(claim("ann", None).await.problem(), "admission-required");
    rooms.join("ann", &room).await;
    rooms.advance(seconds(10));
    let token = rooms.token("ann", &room).await;
    assert_eq!(claim("bob", Some(&token)).await.problem(), "admission-required");
    assert_eq!(claim("ann", Some(&token)).await.status, 201);
    let again = claim("ann", None).await;
    assert_eq!((again.status, again.replayed), (201, true));
    let update = coupons_fixture::update_call(coupon, "*", &json!({ "waiting_room_id": null }));
    assert_eq!(rooms.call_with(&action("update-coupon"), update).await.status, 200);
    assert_eq!(claim("bob", None).await.status, 201);
}

#[tokio::test]
async fn an_unknown_room_is_not_found_and_a_token_of_a_person_is_needed() {
    let shop = WaitingRoomsFixture::open().await;
    let unknown = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(shop.join("ann", unknown).await.problem(), "not-found");
    assert_eq!(shop.enter("ann", unknown).await.problem(), "not-found");
    assert_eq!(
        shop.call("get-waiting-room", status_call(unknown)).await.problem(),
        "not-found"
    );
    assert_eq!(shop.join("ann", "x").await.problem(), "not-found");
    let room = shop.room(HOUR, 60).await;
    let nobody = of_room("POST", "/waiting-rooms/{waiting_room_id}/joins", &room).key("k");
    assert_eq!(
        shop.call("join-waiting-room", nobody).await.problem(),
        "unauthenticated"
    );
    let keyless = of_room("POST", "/waiting-rooms/{waiting_room_id}/enter", &room).by("ann");
    assert_eq!(
        shop.call("enter-waiting-room", keyless).await.problem(),
        "invalid-idempotency-key"
    );
    let customer = Call::new("POST", "/admin/waiting-rooms")
        .by("ann")
        .key("k")
        .json(&json!({}));
    assert_eq!(shop.call("create-waiting-room", customer).await.problem(), "forbidden");
}
