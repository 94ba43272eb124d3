//! Places in the line: anybody can check them, and every function tells the same.

use std::sync::Arc;

use function_tests::WaitingRoomsFixture;
use function_tests::waiting_rooms_fixture::{join_call, status_call};
use jiff::SignedDuration;
use ring::{digest, hmac};
use serde_json::{Value, json};

use super::{HOUR, seconds};

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(pair).collect()
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
