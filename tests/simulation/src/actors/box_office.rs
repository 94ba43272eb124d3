//! The box office: venues and their plans, performances, and showtimes with their seats, which it publishes, blocks and releases.

use std::rc::Rc;

use function_tests::tickets_fixture::{change_call, performance, plan_with_area, seat_map_call};
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

use super::repeated;
use super::showtimes::{LENGTH, Start, create_shows, publish};
use crate::world::World;

/// Sections of a plan, rows of a section, and seats of a row.
const PLAN: (usize, usize, usize) = (2, 3, 6);
/// Places of its standing area: two rows, which sell out when some are blocked.
const PLACES: u32 = 32;

/// What the box office has created, by ids.
#[derive(Debug, Default)]
struct Created {
    venues: Vec<String>,
    plans: Vec<String>,
    performers: Vec<String>,
    performances: Vec<String>,
}

/// How many kinds of work there are.
const KINDS: u64 = 10;

/// Sells tickets until the run ends: does each kind of work once, and then any.
pub async fn sell_tickets(world: Rc<World>) {
    let mut created = Created::default();
    for kind in 0..KINDS {
        created.work(&world, kind).await;
    }
    if world.fault_plan.actors.ticket_buyers > 0 {
        created.add_undisturbed(&world).await;
    }
    delete_performance(&world).await;
    while world.is_running() {
        world.pause().await;
        // Mostly what concerns seats.
        let kind = match world.below(2) {
            0 => world.below(KINDS),
            _ => 4 + world.below(3),
        };
        created.work(&world, kind).await;
    }
}

/// Creates a performance and deletes it, sometimes twice.
async fn delete_performance(world: &World) {
    let create = Call::new("POST", "/admin/performances").by_admin().key(&world.key());
    let created = world.request("create-performance", create.json(&performance())).await;
    let Some(id) = created.body["performance_id"].as_str() else {
        return;
    };
    let delete = |_: &str| {
        let delete = Call::new("DELETE", "/admin/performances/{performance_id}");
        delete.path("performance_id", id).by_admin()
    };
    repeated::send(world, "delete-performance", delete).await;
}

impl Created {
    async fn work(&mut self, world: &World, kind: u64) {
        match kind {
            0 => self.add_venue(world).await,
            1 => self.add_plan(world).await,
            2 => self.add_performer(world).await,
            3 => self.add_performance(world).await,
            4 => self.add_showtime(world).await,
            5 if world.below(3) == 0 => change_places(world).await,
            5 => self.change_seats(world).await,
            6 => self.change_showtime(world).await,
            7 => self.change_show(world).await,
            8 => self.look_at_shows(world).await,
            _ => self.look_at_showtimes(world).await,
        }
    }

    async fn add_venue(&mut self, world: &World) {
        let body = json!({ "names": { "en": "Opera House" }, "time_zone": "Asia/Seoul" });
        let create = |key: &str| Call::new("POST", "/admin/venues").by_admin().key(key).json(&body);
        let answers = repeated::send(world, "create-venue", create).await;
        self.venues.extend(ids(&answers, "venue_id"));
    }

    async fn add_plan(&mut self, world: &World) {
        let Some(venue) = world.one_of(&self.venues) else {
            return self.add_venue(world).await;
        };
        let body = plan_with_area(PLAN, PLACES);
        let route = || Call::new("POST", "/admin/venues/{venue_id}/plans").path("venue_id", &venue);
        let create = |key: &str| route().by_admin().key(key).json(&body);
        let answers = repeated::send(world, "create-plan", create).await;
        self.plans.extend(ids(&answers, "plan_id"));
    }

    async fn add_performer(&mut self, world: &World) {
        let body = json!({ "names": { "en": "Clara Stahl" } });
        let create = |key: &str| Call::new("POST", "/admin/performers").by_admin().key(key).json(&body);
        let answers = repeated::send(world, "create-performer", create).await;
        self.performers.extend(ids(&answers, "performer_id"));
    }

    async fn add_performance(&mut self, world: &World) {
        let mut body = performance();
        body["duration_minutes"] = json!(LENGTH.as_mins());
        if let Some(performer) = world.one_of(&self.performers) {
            body["cast"] = json!([{ "performer_id": performer, "role": "Clara" }]);
        }
        let create = |key: &str| Call::new("POST", "/admin/performances").by_admin().key(key).json(&body);
        let answers = repeated::send(world, "create-performance", create).await;
        self.performances.extend(ids(&answers, "performance_id"));
    }

    async fn add_showtime(&mut self, world: &World) {
        let Some(performance) = world.one_of(&self.performances) else {
            return self.add_performance(world).await;
        };
        let Some(plan) = world.one_of(&self.plans) else {
            return self.add_plan(world).await;
        };
        for show in create_shows(world, &performance, &plan, Start::any(world)).await {
            let status = if world.below(4) == 0 { "CLOSED" } else { "ON_SALE" };
            publish(world, &show, status).await;
            world.state().showtimes.push(show.showtime_id);
        }
    }

    /// Creates showtimes that nobody closes or calls off: one that is over soon, and one that stays on sale.
    async fn add_undisturbed(&self, world: &World) {
        let (Some(performance), Some(plan)) = (self.performances.last(), self.plans.last()) else {
            return;
        };
        for show in create_shows(world, performance, plan, Start::Soon).await {
            publish(world, &show, "ON_SALE").await;
        }
        for show in create_shows(world, performance, plan, Start::Later).await {
            publish(world, &show, "ON_SALE").await;
            world.state().kept_on_sale = Some(show.showtime_id);
        }
    }

    async fn change_show(&self, world: &World) {
        let names = json!({ "names": { "ko": format!("{}", world.below(9)) } });
        let titles = json!({ "titles": { "ko": format!("{}", world.below(9)) } });
        change_any(world, "venue_id", &self.venues, &names).await;
        change_any(world, "performer_id", &self.performers, &names).await;
        change_any(world, "performance_id", &self.performances, &titles).await;
    }

    /// Publishes a showtime again, or closes, opens or cancels it.
    async fn change_showtime(&self, world: &World) {
        let Some(showtime) = a_showtime(world) else {
            return;
        };
        let status = match world.below(8) {
            0..=2 => "ON_SALE",
            3..=4 => "CLOSED",
            _ => "CANCELLED",
        };
        let seen = at("GET", "/admin/showtimes/{showtime_id}", &showtime).by_admin();
        let seen = world.http("get-admin-showtime", seen).await;
        let Some(tag) = seen.headers.get("etag") else { return };
        if seen.body["status"] == "DRAFT" {
            let publish = at("POST", "/admin/showtimes/{showtime_id}/publish", &showtime).by_admin();
            world.request("publish-showtime", publish.key(&world.key())).await;
            return;
        }
        let change = at("PATCH", "/admin/showtimes/{showtime_id}", &showtime).by_admin();
        let change = change.header("if-match", tag).json(&json!({ "status": status }));
        world.request("update-showtime", change).await;
    }

    /// Blocks or releases some seats of a row or two.
    async fn change_seats(&self, world: &World) {
        let Some(showtime) = a_showtime(world) else {
            return;
        };
        let (row, place) = (world.below(3), world.below(6));
        let mut seats = vec![format!("0-{row}-{place}")];
        if world.below(2) == 0 {
            seats.push(format!("0-{}-{}", (row + 1) % 3, world.below(6)));
        }
        let body = json!({ "seats": seats });
        let is_block = world.below(3) > 0;
        let function = if is_block { "block-seats" } else { "release-seats" };
        let change = |key: &str| change_call(function, &showtime, key, &body);
        let answers = repeated::send(world, function, change).await;
        let seats = seats.into_iter().map(|seat| (showtime.clone(), seat));
        let mut state = world.state();
        if answers.iter().any(|answer| answer.status >= 500) {
            state.uncertain_seats.extend(seats);
        } else if answers.iter().all(|answer| answer.status == 200) {
            state.blocked_seats.extend(seats.map(|seat| (seat, is_block)));
        }
    }

    async fn look_at_shows(&self, world: &World) {
        for (function, route) in [
            ("list-venues", "/venues"),
            ("list-performers", "/performers"),
            ("list-performances", "/performances"),
        ] {
            world.http(function, Call::new("GET", route)).await;
        }
        world
            .http(
                "list-admin-performances",
                Call::new("GET", "/admin/performances").by_admin(),
            )
            .await;
        if let Some(performer) = world.one_of(&self.performers) {
            let performer = Call::new("GET", "/performers/{performer_id}").path("performer_id", &performer);
            world.http("get-performer", performer).await;
        }
        if let Some(venue) = world.one_of(&self.venues) {
            let seen = Call::new("GET", "/venues/{venue_id}").path("venue_id", &venue);
            world.http("get-venue", seen).await;
            let plans = Call::new("GET", "/venues/{venue_id}/plans").path("venue_id", &venue);
            world.http("list-plans", plans).await;
        }
        if let Some(plan) = world.one_of(&self.plans) {
            let plan = Call::new("GET", "/plans/{plan_id}").path("plan_id", &plan);
            let plan = world.http("get-plan", plan).await;
            if let Some(tile) = plan.body["sections"][0]["tile"].as_str() {
                let tile = Call::new("GET", "/section-tiles/{digest}").path("digest", tile);
                world.http("get-section-tile", tile).await;
            }
        }
    }

    async fn look_at_showtimes(&self, world: &World) {
        if let Some(performance) = world.one_of(&self.performances) {
            let of = |route| Call::new("GET", route).path("performance_id", &performance);
            world
                .http("get-performance", of("/performances/{performance_id}"))
                .await;
            world
                .http("list-showtimes", of("/performances/{performance_id}/showtimes"))
                .await;
            let all = of("/admin/performances/{performance_id}/showtimes").by_admin();
            world.http("list-admin-showtimes", all).await;
        }
        if let Some(showtime) = a_showtime(world) {
            let seen = at("GET", "/showtimes/{showtime_id}", &showtime);
            world.http("get-showtime", seen).await;
            world.http("get-seat-map", seat_map_call(&showtime)).await;
        }
    }
}

/// Blocks many places of the standing area, or releases some.
async fn change_places(world: &World) {
    let Some(showtime) = a_showtime(world) else {
        return;
    };
    let (function, count) = match world.below(3) {
        0 => ("release-seats", -1 - i64::try_from(world.below(8)).unwrap_or_default()),
        _ => ("block-seats", 1 + i64::try_from(world.below(24)).unwrap_or_default()),
    };
    let body = json!({ "general": { "area": "B", "count": count.abs() } });
    let change = |key: &str| change_call(function, &showtime, key, &body);
    let answers = repeated::send(world, function, change).await;
    let mut state = world.state();
    for answer in answers {
        match answer.status {
            200 => *state.blocked_places.entry(showtime.clone()).or_default() += count,
            500.. => drop(state.uncertain_places.insert(showtime.clone())),
            _ => {}
        }
    }
}

/// Changes one of what has ids of this kind, as it was read.
async fn change_any(world: &World, kind: &'static str, ids: &[String], change: &Value) {
    let Some(id) = world.one_of(ids) else { return };
    let (read, update, route) = match kind {
        "venue_id" => ("get-admin-venue", "update-venue", "/admin/venues/{venue_id}"),
        "performer_id" => (
            "get-admin-performer",
            "update-performer",
            "/admin/performers/{performer_id}",
        ),
        _ => (
            "get-admin-performance",
            "update-performance",
            "/admin/performances/{performance_id}",
        ),
    };
    let seen = Call::new("GET", route).path(kind, &id).by_admin();
    let seen = world.http(read, seen).await;
    if let Some(tag) = seen.headers.get("etag") {
        let call = Call::new("PATCH", route).path(kind, &id).by_admin();
        world.request(update, call.header("if-match", tag).json(change)).await;
    }
}

/// A showtime that the box office has created, mostly the newest.
pub fn a_showtime(world: &World) -> Option<String> {
    let showtimes = world.state().showtimes.clone();
    match world.below(4) {
        0 => world.one_of(&showtimes),
        _ => showtimes.last().cloned(),
    }
}

fn at(method: &'static str, route: &'static str, showtime: &str) -> Call {
    Call::new(method, route).path("showtime_id", showtime)
}

/// The ids in the answers of successful requests, each once.
fn ids(answers: &[Answer], member: &str) -> Vec<String> {
    let created = answers.iter().filter(|answer| answer.status == 201);
    let mut ids: Vec<String> = created
        .filter_map(|answer| answer.body[member].as_str())
        .map(str::to_owned)
        .collect();
    ids.dedup();
    ids
}
