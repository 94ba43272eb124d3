//! Waiting rooms: joins that stay, places that anybody can check, admissions, and what they guard.

mod guards;
mod joins;
mod places;
mod turns;

use function_tests::WaitingRoomsFixture;
use function_tests::waiting_rooms_fixture::{create_call, of_room, status_call, update_call};
use harness::gateway::Call;
use jiff::{SignedDuration, Timestamp};
use ring::digest;
use serde_json::{Value, json};

use places::bytes;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
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
