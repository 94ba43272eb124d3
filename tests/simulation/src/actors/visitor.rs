//! Visitors of waiting rooms: join rooms before and after they open, several at once, wait with an eye on the status, and enter.
//! Administrators change the rates, and alarms halve them.

use std::rc::Rc;

use function_tests::waiting_rooms_fixture::{
    alarm_change, create_call, enter_call, join_call, of_room, status_call, update_call,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::repeated;
use crate::infrastructure::send_alarm_change;
use crate::world::World;

/// How many customers visit.
const VISITORS: u64 = 12;

/// Creates rooms and visits them until the run ends.
pub async fn visit(world: Rc<World>) {
    let mut rooms: Vec<String> = vec![];
    while world.is_running() {
        world.pause().await;
        match world.below(12) {
            0 => rooms.extend(create(&world).await),
            1 => change(&world, &rooms).await,
            2 => send_alarm_change(&world, &alarm_change("ALARM")),
            3..=7 => join(&world, &rooms).await,
            _ => wait(&world, &rooms).await,
        }
    }
}

/// Creates a room that opens soon, and returns its id.
async fn create(world: &World) -> Option<String> {
    let opens_at = world.clock.now() + SignedDuration::from_secs(15 + world.below(60).cast_signed());
    let body = json!({ "name": "Spring tour", "opens_at": opens_at, "rate_per_minute": 4 + world.below(60) });
    let answers = repeated::send(world, "create-waiting-room", |key| create_call(key, &body)).await;
    let created = answers.into_iter().find(|answer| answer.status == 201)?;
    created.body["waiting_room_id"].as_str().map(str::to_owned)
}

/// Changes the rate of a room.
async fn change(world: &World, rooms: &[String]) {
    let Some(room) = world.one_of(rooms) else { return };
    let seen = of_room("GET", "/admin/waiting-rooms/{waiting_room_id}", &room).by_admin();
    let seen = world.http("get-admin-waiting-room", seen).await;
    if let Some(tag) = seen.headers.get("etag") {
        let change = json!({ "rate_per_minute": world.below(60) });
        world
            .request("update-waiting-room", update_call(&room, tag, &change))
            .await;
    }
}

/// Joins a room, sometimes in two tabs, or several customers at once.
async fn join(world: &World, rooms: &[String]) {
    let Some(room) = world.one_of(rooms) else { return };
    let join = |name: String| world.request("join-waiting-room", join_call(&name, &room));
    let name = visitor(world);
    match world.below(3) {
        0 => drop(join(name).await),
        1 => drop(tokio::join!(join(name.clone()), join(name))),
        _ => drop(tokio::join!(join(name), join(visitor(world)), join(visitor(world)))),
    }
}

/// Waits in a room as its page does: looks at the status, and enters at the turn, or tries too early.
async fn wait(world: &World, rooms: &[String]) {
    let Some(room) = world.one_of(rooms) else { return };
    if world.below(4) == 0 {
        let page = of_room("GET", "/waiting-rooms/{waiting_room_id}/page", &room);
        world.http("get-waiting-room-page", page).await;
    }
    let name = visitor(world);
    for _ in 0..4 {
        let status = world.http("get-waiting-room", status_call(&room)).await;
        let join = world.request("join-waiting-room", join_call(&name, &room)).await;
        if is_turn(&status.body, &join.body) || world.below(4) == 0 {
            let enter = |key: &str| enter_call(&name, &room).key(key);
            repeated::send(world, "enter-waiting-room", enter).await;
        }
        world.pause().await;
    }
}

fn is_turn(status: &Value, join: &Value) -> bool {
    let serving = status["serving_number"].as_u64().unwrap_or_default();
    join["place"].as_u64().is_some_and(|place| place <= serving)
}

fn visitor(world: &World) -> String {
    format!("visitor-{}", world.below(VISITORS))
}
