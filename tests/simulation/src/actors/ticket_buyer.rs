//! A ticket buyer: holds seats that others want too, and pays in time, late or not at all, or takes other seats.

use std::rc::Rc;
use std::time::Duration;

use function_tests::tickets_fixture::hold_call;
use harness::gateway::Call;
use serde_json::{Value, json};

use super::box_office::a_showtime;
use super::{repeated, shopper};
use crate::audit::refusals::{FreeSeats, check_refusal};
use crate::world::World;

/// Rows, and pairs of seats in a row, that customers choose from.
const ROWS: u64 = 2;
const PAIRS: u64 = 2;

/// Buys tickets until the run ends.
pub async fn buy(world: Rc<World>, name: String) {
    while world.is_running() {
        world.pause().await;
        let Some(showtime) = a_showtime(&world) else { continue };
        let Some(mut order) = hold(&world, &name, &showtime, None).await else {
            continue;
        };
        if world.below(4) == 0 {
            world.pause().await;
            order = hold(&world, &name, &showtime, Some(&order)).await.unwrap_or(order);
        }
        match world.below(10) {
            0 => {}
            1..=2 => shopper::cancel(&world, &name, &order).await,
            3 => drop(tokio::join!(
                shopper::pay(&world, &name, &order),
                shopper::cancel(&world, &name, &order),
            )),
            4..=5 => {
                let seconds = world.fault_plan.reservation_s.unsigned_abs();
                let wait = seconds.saturating_sub(world.below(20)) + world.below(20);
                world.clock.sleep(Duration::from_secs(wait)).await;
                shopper::pay(&world, &name, &order).await;
            }
            _ => {
                shopper::pay(&world, &name, &order).await;
                if world.below(4) == 0 {
                    shopper::cancel(&world, &name, &order).await;
                }
            }
        }
    }
}

/// Holds two of the few seats that all want, or the best ones, or places of the standing area, in place of those of another order.
pub async fn hold(world: &World, name: &str, showtime: &str, replaced: Option<&Value>) -> Option<Value> {
    let mut body = if world.below(4) == 0 {
        json!({ "general": { "area": "B", "count": 1 + world.below(4) } })
    } else if world.below(3) == 0 {
        let class = if world.below(2) == 0 { "VIP" } else { "R" };
        json!({ "best": { "class": class, "count": 1 + world.below(3) } })
    } else {
        let row = world.below(ROWS);
        let first = 2 * world.below(PAIRS);
        json!({ "seats": [format!("0-{row}-{first}"), format!("0-{row}-{}", first + 1)] })
    };
    if body["best"].is_null() {
        let quote = Call::new("POST", "/showtimes/{showtime_id}/quotes").path("showtime_id", showtime);
        world.http("create-seat-quote", quote.by(name).json(&body)).await;
    }
    if let Some(replaced) = replaced {
        body["replaces"] = replaced["order_id"].clone();
    }
    let hold = |key: &str| hold_call(name, key, showtime, &body);
    let before = FreeSeats::of(world, showtime);
    let answers = repeated::send(world, "hold-seats", hold).await;
    for answer in &answers {
        check_refusal(world, showtime, &body, &before, answer);
    }
    let order = answers.into_iter().find(|answer| answer.status == 201)?.body;
    let id = order["order_id"].as_str()?.to_owned();
    world.state().orders.push(id);
    Some(order)
}
