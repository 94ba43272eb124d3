//! A ticket buyer: holds seats that others want too, and pays in time, late or not at all, or takes other seats.

use std::rc::Rc;
use std::time::Duration;

use function_tests::tickets_fixture::hold_call;
use serde_json::{Value, json};

use super::box_office::{PLAN, a_showtime};
use super::{repeated, shopper};
use crate::world::World;

/// Buys tickets until the run ends.
pub async fn buy(world: Rc<World>, name: String) {
    while world.is_running() {
        world.pause().await;
        let Some(showtime) = a_showtime(&world) else { continue };
        let Some(order) = hold(&world, &name, &showtime).await else {
            continue;
        };
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
                // Others of the staff cancel it too.
                shopper::cancel(&world, &name, &order).await;
            }
        }
    }
}

/// Holds seats in the middle of the house, or the best ones.
async fn hold(world: &World, name: &str, showtime: &str) -> Option<Value> {
    let (sections, rows, seats) = PLAN;
    let body = if world.below(3) == 0 {
        json!({ "best": { "class": ["VIP", "R"][world.below(2) as usize], "count": 1 + world.below(3) } })
    } else {
        let (section, row) = (world.below(sections as u64), world.below(rows as u64));
        let first = world.below(seats as u64 - 1);
        json!({ "seats": [format!("{section}-{row}-{first}"), format!("{section}-{row}-{}", first + 1)] })
    };
    let hold = |key: &str| hold_call(name, key, showtime, &body);
    let answers = repeated::send(world, "hold-seats", hold).await;
    let order = answers.into_iter().find(|answer| answer.status == 201)?.body;
    let id = order["order_id"].as_str()?.to_owned();
    world.state().orders.push(id);
    Some(order)
}
