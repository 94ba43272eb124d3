//! Visitors of waiting rooms: join rooms before and after they open, several at once, wait with an eye on the status, and enter.
//! Administrators change the rates, alarms halve them, and the ends of alarms double them.

use std::rc::Rc;
use std::time::Duration;

use function_tests::waiting_rooms_fixture::{
    alarm_change, create_call, enter_call, join_call, of_room, status_call, update_call,
};
use futures::future::join_all;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::repeated;
use crate::infrastructure::send_alarm_change;
use crate::world::World;

/// How many customers visit.
const VISITORS: u64 = 12;

/// Creates rooms and visits them until the run ends.
pub async fn visit(world: Rc<World>) {
    let mut rooms: Vec<String> = rush(&world).await.into_iter().collect();
    // What is rare below happens once in each run.
    send_alarm_change(&world, &alarm_change("ALARM"));
    let mut is_alarm = true;
    let list = Call::new("GET", "/admin/waiting-rooms").by_admin();
    world.http("list-admin-waiting-rooms", list).await;
    while world.is_running() {
        world.pause().await;
        match world.below(12) {
            0 => rooms.extend(create(&world).await),
            1 => change(&world, &rooms).await,
            2 => {
                is_alarm = !is_alarm;
                send_alarm_change(&world, &alarm_change(if is_alarm { "ALARM" } else { "OK" }));
            }
            3..=7 => join(&world, &rooms).await,
            _ => wait(&world, &rooms).await,
        }
    }
}

/// All visitors join a slow room before it opens, and try to enter at once when it is open. Returns its id.
async fn rush(world: &World) -> Option<String> {
    let opens_at = world.clock.now() + SignedDuration::from_secs(60);
    let body = json!({ "name": "Spring tour", "opens_at": opens_at, "rate_per_minute": 6 });
    let created = world.request("create-waiting-room", create_call("rush", &body)).await;
    let room = created.body["waiting_room_id"].as_str()?.to_owned();
    let names: Vec<String> = (0..VISITORS).map(|nth| format!("visitor-{nth}")).collect();
    let joins = names
        .iter()
        .map(|name| world.request("join-waiting-room", join_call(name, &room)));
    join_all(joins).await;
    let left = (opens_at + SignedDuration::from_secs(8)).duration_since(world.clock.now());
    world.clock.sleep(Duration::try_from(left).unwrap_or_default()).await;
    let entries = names
        .iter()
        .map(|name| world.request("enter-waiting-room", enter_call(name, &room)));
    join_all(entries).await;
    Some(room)
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
