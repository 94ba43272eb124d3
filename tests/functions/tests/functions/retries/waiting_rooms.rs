//! The scenarios of waiting rooms.

use function_tests::WaitingRoomsFixture;
use function_tests::waiting_rooms_fixture::create_call;
use jiff::SignedDuration;
use serde_json::json;

use super::Outcome;

pub async fn create_waiting_room_opened() -> Outcome {
    let shop = WaitingRoomsFixture::open().await;
    let body = json!({ "name": "Spring tour", "opens_at": shop.now(), "rate_per_minute": 60 });
    let call = create_call("k", &body);
    let other = create_call(
        "k",
        &json!({ "name": "Another", "opens_at": shop.now(), "rate_per_minute": 60 }),
    );
    let first = shop.call("create-waiting-room", call.clone()).await;
    let room = first.body["waiting_room_id"].as_str().unwrap();
    assert_eq!(shop.change(room, &json!({ "rate_per_minute": 30 })).await.status, 200);
    shop.advance(SignedDuration::from_hours(1));
    let again = shop.call("create-waiting-room", call).await;
    Outcome {
        other: Some(shop.call("create-waiting-room", other).await),
        first,
        again,
    }
}

pub async fn join_waiting_room_entered() -> Outcome {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::from_secs(1), 600).await;
    let first = shop.join("ann", &room).await;
    shop.advance(SignedDuration::from_secs(10));
    assert_eq!(shop.enter("ann", &room).await.status, 200);
    let again = shop.join("ann", &room).await;
    assert_eq!(shop.joins(&room).await.1, 1);
    // A join is named by its customer and room, so there is no other request with its key.
    let other = None;
    Outcome { first, again, other }
}

pub async fn enter_waiting_room_over() -> Outcome {
    let shop = WaitingRoomsFixture::open().await;
    let room = shop.room(SignedDuration::from_secs(1), 600).await;
    shop.join("ann", &room).await;
    shop.advance(SignedDuration::from_secs(10));
    let first = shop.enter("ann", &room).await;
    shop.advance(SignedDuration::from_hours(1));
    let again = shop.enter("ann", &room).await;
    // An admission is named by its customer and room, so there is no other request with its key.
    let other = None;
    Outcome { first, again, other }
}
