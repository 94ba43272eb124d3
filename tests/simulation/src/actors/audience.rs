//! The audience: passes tickets on, while others want them too and scan the former codes, and reviews what it has seen.

use std::rc::Rc;

use function_tests::tickets_fixture::{accept_call, check_in_call, delete_offer_call, offer_call};
use harness::gateway::Call;
use serde_json::{Value, json};

use super::box_office::a_showtime;
use super::doorkeeper::{a_ticket, shown};
use super::{repeated, shopper};
use crate::world::World;

/// Passes tickets on and writes reviews until the run ends.
pub async fn attend(world: Rc<World>) {
    while world.is_running() {
        world.pause().await;
        let Some(showtime) = a_showtime(&world) else { continue };
        let Some(ticket) = a_ticket(&world, &showtime).await else {
            continue;
        };
        match world.below(3) {
            0 => pass_on(&world, &showtime, &ticket).await,
            _ => review(&world, &showtime, &ticket).await,
        }
    }
}

/// Somebody who takes a ticket: one who buys some too, or only a friend.
fn a_friend(world: &World) -> String {
    match world.below(2) {
        0 => format!("ticket-buyer-{}", world.below(2)),
        _ => format!("friend-{}", world.below(3)),
    }
}

async fn pass_on(world: &World, showtime: &str, ticket: &Value) {
    let (Some(id), Some(holder)) = (ticket["ticket_id"].as_str(), ticket["holder_id"].as_str()) else {
        return;
    };
    let Some(former) = shown(world, id, holder).await else {
        return;
    };
    let offers = repeated::send(world, "create-transfer-offer", |key| offer_call(holder, key, id)).await;
    let Some(offer) = offers.into_iter().rfind(|answer| answer.status == 201) else {
        return;
    };
    let offer = offer.body;
    if world.below(6) == 0 {
        world
            .request("delete-transfer-offer", delete_offer_call(holder, &offer))
            .await;
    }
    let accept = |who: String| {
        let call = accept_call(&who, &world.key(), &offer);
        world.request("accept-transfer-offer", call)
    };
    let answers = match world.below(3) {
        0 => {
            let (one, other) = tokio::join!(accept(a_friend(world)), accept(a_friend(world)));
            vec![one, other]
        }
        1 => {
            let order = json!({ "order_id": ticket["order_id"] });
            let (accepted, ()) = tokio::join!(accept(a_friend(world)), shopper::cancel(world, holder, &order));
            vec![accepted]
        }
        _ => vec![accept(a_friend(world)).await],
    };
    if answers.iter().any(|answer| answer.status == 200) {
        let scan = world
            .request("check-in-ticket", check_in_call(&world.key(), showtime, &former, "0"))
            .await;
        if scan.status == 200 {
            world.state().former_codes_admitted.insert(id.to_owned());
        }
    }
    let transfers = Call::new("GET", "/admin/tickets/{ticket_id}/transfers").path("ticket_id", id);
    world.http("list-ticket-transfers", transfers.by_admin()).await;
}

/// Reviews the performance that a ticket was for. Its author and an administrator then change the review, often at the same moment.
async fn review(world: &World, showtime: &str, ticket: &Value) {
    let (Some(id), Some(author)) = (ticket["ticket_id"].as_str(), ticket["holder_id"].as_str()) else {
        return;
    };
    let seen = Call::new("GET", "/admin/showtimes/{showtime_id}").path("showtime_id", showtime);
    let seen = world.http("get-admin-showtime", seen.by_admin()).await;
    let Some(performance) = seen.body["performance_id"].as_str() else {
        return;
    };
    let of = |method, route| Call::new(method, route).path("performance_id", performance);
    let stars = 1 + world.below(5);
    let body = json!({ "ticket_id": id, "stars": stars, "text": "It was fine." });
    let write = |key: &str| {
        of("POST", "/performances/{performance_id}/reviews")
            .by(author)
            .key(key)
            .json(&body)
    };
    repeated::send(world, "create-performance-review", write).await;
    let mine = "/performances/{performance_id}/reviews/mine";
    let own = world
        .http("get-own-performance-review", of("GET", mine).by(author))
        .await;
    let edit = || {
        let edit = of("PATCH", mine).by(author).header("if-match", "*");
        let edit = edit.json(&json!({ "stars": 1 + world.below(5) }));
        world.request("update-own-performance-review", edit)
    };
    let delete = || world.request("delete-own-performance-review", of("DELETE", mine).by(author));
    let review = own.body["performance_review_id"].as_str().unwrap_or(id);
    let moderate = || {
        let route = "/admin/performances/{performance_id}/reviews/{performance_review_id}";
        let call = of("PATCH", route).path("performance_review_id", review);
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
        0 => drop(tokio::join!(edit(), edit())),
        1 => drop(tokio::join!(edit(), moderate())),
        2 => drop(tokio::join!(edit(), delete())),
        _ => drop(moderate().await),
    }
    world
        .http(
            "list-performance-reviews",
            of("GET", "/performances/{performance_id}/reviews"),
        )
        .await;
    let all = of("GET", "/admin/performances/{performance_id}/reviews").by_admin();
    world.http("list-admin-performance-reviews", all).await;
}
