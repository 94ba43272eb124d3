//! Seats and coupons behind a waiting room.

use function_tests::coupons_fixture::claim_call;
use function_tests::tickets_fixture::hold_call;
use function_tests::{Shop, TicketsFixture, WaitingRoomsFixture, coupons_fixture};
use harness::ADMISSION_KEYS;
use harness::gateway::Answer;
use jiff::SignedDuration;
use serde_json::json;

use super::seconds;

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
