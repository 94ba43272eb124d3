//! Checks refusals of holds: nobody is told that seats are taken, or that an area has too few places, while enough are free from before
//! the request until after its answer.

use std::collections::BTreeSet;

use harness::engine::{ORDERS, SEATS, SHOWS};
use harness::gateway::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::key;
use crate::world::World;

/// The time by which a write can be later than the time that its order says: it is served after its function gave up.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// The free seats and places of a showtime at a moment.
#[derive(Debug)]
pub struct FreeSeats {
    at: Timestamp,
    seats: BTreeSet<String>,
}

impl FreeSeats {
    /// Those that no order holds and nobody has blocked. A seat whose hold has ended may be being paid for, so it does not count.
    pub fn of(world: &World, showtime: &str) -> Self {
        let prefix = format!("SHOW#{showtime}#SEC#");
        let mut seats = BTreeSet::new();
        for row in world.tables.items(SEATS) {
            let number = row["sk"]
                .as_str()
                .and_then(|sk| sk.strip_prefix("ROW#")?.parse::<u16>().ok());
            let (Some(part), Some(number)) = (key(&row).strip_prefix(&prefix), number) else {
                continue;
            };
            let places = 0..row["n"].as_u64().unwrap_or_default();
            let free = places.filter(|place| row["h"][place.to_string()].is_null());
            seats.extend(free.map(|place| format!("{part}-{number}-{place}")));
        }
        let at = world.clock.now();
        Self { at, seats }
    }
}

/// Reports the refusal of a hold with `body` if what it asks for was free all the time since `before`, when it was sent.
pub fn check_refusal(world: &World, showtime: &str, body: &Value, before: &FreeSeats, answer: &Answer) {
    if answer.status != 409 {
        return;
    }
    let problem = answer.problem();
    if !matches!(problem, "seats-taken" | "too-few-places") {
        return;
    }
    let after = FreeSeats::of(world, showtime);
    let touched = touched_since(world, before.at.checked_sub(LATE).unwrap_or(before.at));
    let is_free = |seat: &str| before.seats.contains(seat) && after.seats.contains(seat) && !touched.contains(seat);
    let is_false = if problem == "seats-taken" {
        let mut seats = body["seats"].as_array().into_iter().flatten().filter_map(Value::as_str);
        body["seats"].is_array() && seats.all(is_free)
    } else {
        let show = world.tables.item(SHOWS, &format!("SHOW#{showtime}"));
        let part = show.and_then(|show| show["seating"]["areas"][0]["part"].as_u64());
        let of_area = format!("{}-", part.unwrap_or_default());
        let places = after
            .seats
            .iter()
            .filter(|seat| seat.starts_with(&of_area) && is_free(seat));
        places.count() as u64 >= body["general"]["count"].as_u64().unwrap_or(u64::MAX)
    };
    if is_false {
        let why = &answer.body;
        world.report(format!(
            "nobody is told that free seats are taken: {body} was refused: {why}"
        ));
    }
}

/// The seats of orders that were placed, paid or closed since: somebody may have had them for a while.
fn touched_since(world: &World, since: Timestamp) -> BTreeSet<String> {
    let mut touched = BTreeSet::new();
    for order in world.tables.items(ORDERS) {
        let times = ["placed_at", "paid_at", "closed_at"]
            .map(|name| order[name].as_str().and_then(|at| at.parse::<Timestamp>().ok()));
        if times.into_iter().flatten().any(|at| at >= since) {
            let lines = order["lines"].as_array().into_iter().flatten();
            touched.extend(lines.filter_map(|line| line["seat"]["seat"].as_str().map(str::to_owned)));
        }
    }
    touched
}
