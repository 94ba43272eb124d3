//! The audience: passes tickets on, while others want them too and scan the former codes. Some shows are called off.

use std::rc::Rc;

use function_tests::tickets_fixture::{accept_call, check_in_call, delete_offer_call, offer_call};
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::box_office::a_showtime;
use super::doorkeeper::{record, shown, tickets_of};
use super::{repeated, shopper, ticket_buyer};
use crate::world::World;

/// A ticket and an offer that do not exist.
const NONE: &str = "018f0000-0000-8000-8000-000000000000";

/// Passes tickets on until the run ends.
pub async fn pass_tickets_on(world: Rc<World>) {
    ask_for_nothing(&world).await;
    while world.is_running() {
        world.pause().await;
        let Some(showtime) = a_showtime(&world) else { continue };
        let mut tickets = tickets_of(&world, &showtime).await;
        tickets.retain(|ticket| ticket["status"] == "VALID");
        let Some(ticket) = world.one_of(&tickets) else {
            if let Some(order) = ticket_buyer::hold(&world, "fan", &showtime, None).await {
                shopper::pay(&world, "fan", &order).await;
            }
            continue;
        };
        match world.below(16) {
            0 => call_off(&world, &showtime).await,
            1 => postpone(&world, &showtime).await,
            _ => pass_on(&world, &showtime, &ticket).await,
        }
    }
}

/// Somebody without a ticket asks for what only holders get.
async fn ask_for_nothing(world: &World) {
    let nobody = "passer-by";
    let offer = json!({ "ticket_id": NONE, "transfer_offer_id": NONE, "code": "none" });
    for (function, call) in [
        ("create-transfer-offer", offer_call(nobody, &world.key(), NONE)),
        ("delete-transfer-offer", delete_offer_call(nobody, &offer)),
        ("accept-transfer-offer", accept_call(nobody, &world.key(), &offer)),
    ] {
        world.http(function, call).await;
    }
    let transfers = Call::new("GET", "/admin/tickets/{ticket_id}/transfers").path("ticket_id", NONE);
    world.http("list-ticket-transfers", transfers.by_admin()).await;
}

/// Cancels a showtime that has tickets.
async fn call_off(world: &World, showtime: &str) {
    let call = Call::new("PATCH", "/admin/showtimes/{showtime_id}").path("showtime_id", showtime);
    let call = call.by_admin().header("if-match", "*");
    world
        .request("update-showtime", call.json(&json!({ "status": "CANCELLED" })))
        .await;
}

/// Moves a showtime that has tickets to an hour that others have too, so that two can move it back and forth. One that starts soon
/// stays: reviewers wait for its end.
async fn postpone(world: &World, showtime: &str) {
    if world.state().soon_shows.iter().any(|soon| soon.showtime_id == showtime) {
        return;
    }
    let now = world.clock.now();
    let days = 3 + now.as_second() % 2;
    let start = (now + SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%dT20:00:00");
    let call = Call::new("PATCH", "/admin/showtimes/{showtime_id}").path("showtime_id", showtime);
    let call = call.by_admin().header("if-match", "*");
    world
        .request(
            "update-showtime",
            call.json(&json!({ "local_start": start.to_string() })),
        )
        .await;
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
    let transfers = world.http("list-ticket-transfers", transfers.by_admin()).await;
    let last = transfers.body["items"]
        .as_array()
        .and_then(|transfers| transfers.last());
    let Some(receiver) = last.and_then(|transfer| transfer["receiver_id"].as_str()) else {
        return;
    };
    if let (0, Some(code)) = (world.below(2), shown(world, id, receiver).await) {
        let scan = check_in_call(&world.key(), showtime, &code, "0");
        let scan = world.request("check-in-ticket", scan).await;
        record(world, id, &[scan]);
    }
}
