//! A reviewer: buys a ticket of a show that starts soon, goes there or not, and reviews it when it is over. Who was there then changes
//! the review, often at the same moment as an administrator.

use std::rc::Rc;

use function_tests::tickets_fixture::{check_in_call, hold_call};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::doorkeeper::{record, shown, tickets_of};
use super::{repeated, shopper};
use crate::world::{Show, World};

/// How many reviewers there are. Every second one does not go to the show.
pub const REVIEWERS: u64 = 4;

/// The sale of a show of a minute ends when it starts, and a hold needs a minute.
const TIME_TO_BUY: SignedDuration = SignedDuration::from_mins(2);

/// A ticket and a performance that do not exist.
const NONE: &str = "018f0000-0000-8000-8000-000000000000";

/// Buys tickets and writes reviews until the run ends. The last show may be over later than that.
pub async fn review_shows(world: Rc<World>, nth: u64) {
    if nth == 0 {
        review_nothing(&world).await;
    }
    let name = format!("reviewer-{nth}");
    while world.is_running() {
        world.pause().await;
        if let Some(show) = a_show(&world) {
            review_show(&world, &name, &show, nth.is_multiple_of(2)).await;
        }
    }
}

/// Somebody without a ticket reviews what does not exist.
async fn review_nothing(world: &World) {
    let nobody = "passer-by";
    write(world, nobody, NONE, NONE).await;
    change(world, nobody, NONE).await;
    let mine = Call::new("DELETE", "/performances/{performance_id}/reviews/mine").path("performance_id", NONE);
    world.http("delete-own-performance-review", mine.by(nobody)).await;
}

/// A show that is over soon and for which tickets are still sold, unless it was closed.
fn a_show(world: &World) -> Option<Show> {
    let mut shows = world.state().soon_shows.clone();
    let latest = world.clock.now() + TIME_TO_BUY;
    shows.retain(|show| latest <= show.over_at);
    world.one_of(&shows)
}

async fn review_show(world: &Rc<World>, name: &str, show: &Show, goes: bool) {
    let showtime = &show.showtime_id;
    let body = json!({ "general": { "area": "B", "count": 1 } });
    let held = world
        .request("hold-seats", hold_call(name, &world.key(), showtime, &body))
        .await;
    if held.status != 201 {
        return;
    }
    shopper::pay(world, name, &held.body).await;
    world.wait_until(show.over_at).await;
    let tickets = tickets_of(world, showtime).await;
    let is_own = |ticket: &&Value| ticket["holder_id"] == name && ticket["status"] == "VALID";
    let Some(ticket) = tickets.iter().find(is_own).and_then(|own| own["ticket_id"].as_str()) else {
        return;
    };
    if goes {
        check_in(world, name, showtime, ticket).await;
    }
    write(world, name, &show.performance_id, ticket).await;
    if goes {
        change(world, name, &show.performance_id).await;
    }
}

async fn check_in(world: &World, name: &str, showtime: &str, ticket: &str) {
    if let Some(code) = shown(world, ticket, name).await {
        let scan = check_in_call(&world.key(), showtime, &code, "0");
        let scan = world.request("check-in-ticket", scan).await;
        record(world, ticket, &[scan]);
    }
}

async fn write(world: &World, author: &str, performance: &str, ticket: &str) {
    let body = json!({ "ticket_id": ticket, "stars": 1 + world.below(5), "text": "It was fine." });
    let write = |key: &str| {
        of(performance, "POST", "/performances/{performance_id}/reviews")
            .by(author)
            .key(key)
            .json(&body)
    };
    repeated::send(world, "create-performance-review", write).await;
}

/// The author edits or deletes the review, and an administrator hides or shows it. Then the reviews are listed.
async fn change(world: &World, author: &str, performance: &str) {
    let mine = "/performances/{performance_id}/reviews/mine";
    let own = world
        .http("get-own-performance-review", of(performance, "GET", mine).by(author))
        .await;
    let edit = || {
        let edit = of(performance, "PATCH", mine).by(author).header("if-match", "*");
        let edit = edit.json(&json!({ "stars": 1 + world.below(5) }));
        world.request("update-own-performance-review", edit)
    };
    let delete = || {
        let delete = of(performance, "DELETE", mine).by(author);
        world.request("delete-own-performance-review", delete)
    };
    let review = own.body["performance_review_id"].as_str().unwrap_or(NONE);
    let moderate = || {
        let route = "/admin/performances/{performance_id}/reviews/{performance_review_id}";
        let call = of(performance, "PATCH", route).path("performance_review_id", review);
        let reason = match world.below(2) {
            0 => json!("SPAM"),
            _ => Value::Null,
        };
        let call = call.by_admin().header("if-match", "*");
        world.request(
            "update-performance-review",
            call.json(&json!({ "hidden_reason": reason })),
        )
    };
    match world.below(4) {
        _ if own.status != 200 => drop(tokio::join!(edit(), moderate())),
        0 => drop(tokio::join!(edit(), edit())),
        1 => drop(tokio::join!(edit(), moderate())),
        2 => drop(tokio::join!(edit(), delete())),
        _ => drop(moderate().await),
    }
    let all = of(performance, "GET", "/performances/{performance_id}/reviews");
    world.http("list-performance-reviews", all).await;
    let all = of(performance, "GET", "/admin/performances/{performance_id}/reviews").by_admin();
    world.http("list-admin-performance-reviews", all).await;
}

fn of(performance: &str, method: &'static str, route: &'static str) -> Call {
    Call::new(method, route).path("performance_id", performance)
}
