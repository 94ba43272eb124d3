//! Customers who want too much of one showtime: the same seats at the same moment, two holds, more seats than one may have, and a seat
//! for longer than one may hold it.

use std::rc::Rc;

use function_tests::tickets_fixture::hold_call;
use harness::gateway::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::shopper;
use crate::stack::hold_budget;
use crate::world::World;

/// Asks for all of it once.
pub async fn want_too_much(world: Rc<World>) {
    let Some(showtime) = kept_on_sale(&world).await else {
        return;
    };
    rush(&world, &showtime).await;
    ask_for_too_many(&world, &showtime).await;
    hold_on(&world, &showtime).await;
}

/// Waits until there is a showtime that stays on sale.
async fn kept_on_sale(world: &World) -> Option<String> {
    while world.is_running() {
        let showtime = world.state().kept_on_sale.clone();
        if showtime.is_some() {
            return showtime;
        }
        world.pause().await;
    }
    None
}

/// Two customers want the same seats, and one of them also wants others.
async fn rush(world: &World, showtime: &str) {
    let wanted = [json!(["0-0-0", "0-0-1"]), json!(["0-1-0", "0-1-1"])];
    let [same, others] = wanted.map(|seats| json!({ "seats": seats }));
    tokio::join!(
        hold(world, "rival-0", showtime, &same),
        hold(world, "rival-1", showtime, &same),
        hold(world, "rival-1", showtime, &others),
    );
}

/// A customer wants one place more than a customer may have.
async fn ask_for_too_many(world: &Rc<World>, showtime: &str) {
    let name = "group";
    let five = json!({ "general": { "area": "B", "count": 5 } });
    let held = hold(world, name, showtime, &five).await;
    if held.status == 201 {
        shopper::pay(world, name, &held.body).await;
    }
}

/// A customer holds the best seat whenever the last hold has ended, and never pays, until no more time is left to hold seats. That may
/// be later than the end of the run for the other actors.
async fn hold_on(world: &World, showtime: &str) {
    let reservation = SignedDuration::from_secs(world.fault_plan.reservation_s);
    // So many exceed the time, unless the last one is cut or refused.
    let holds = hold_budget(reservation).as_secs() / reservation.as_secs() + 1;
    let best = json!({ "best": { "class": "R", "count": 1 } });
    for nth in 1..=holds {
        let held = hold(world, "seat-holder", showtime, &best).await;
        let until = held.body["expires_at"].as_str().filter(|_| held.status == 201);
        let Some(until) = until.and_then(|until| until.parse::<Timestamp>().ok()) else {
            return;
        };
        if nth < holds {
            world.wait_until(until).await;
        }
    }
}

async fn hold(world: &World, name: &str, showtime: &str, body: &Value) -> Answer {
    let call = hold_call(name, &world.key(), showtime, body);
    world.request("hold-seats", call).await
}
