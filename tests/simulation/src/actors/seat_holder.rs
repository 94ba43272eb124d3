//! A customer who holds a seat of one showtime again and again, and never pays.

use std::rc::Rc;

use function_tests::tickets_fixture::hold_call;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::stack::hold_budget;
use crate::world::World;

const NAME: &str = "seat-holder";

/// Holds the best seat whenever the last hold has ended, until no more time is left to hold seats. That may be later than the end of
/// the run for the other actors.
pub async fn hold_on(world: Rc<World>) {
    let Some(showtime) = kept_on_sale(&world).await else {
        return;
    };
    let reservation = SignedDuration::from_secs(world.fault_plan.reservation_s);
    // So many exceed the time, unless the last one is cut or refused.
    let holds = hold_budget(reservation).as_secs() / reservation.as_secs() + 1;
    let body = json!({ "best": { "class": "R", "count": 1 } });
    for nth in 1..=holds {
        let hold = hold_call(NAME, &world.key(), &showtime, &body);
        let held = world.request("hold-seats", hold).await;
        let until = held.body["expires_at"].as_str().filter(|_| held.status == 201);
        let Some(until) = until.and_then(|until| until.parse::<Timestamp>().ok()) else {
            return;
        };
        if nth < holds {
            world.wait_until(until).await;
        }
    }
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
