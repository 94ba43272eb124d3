//! A doorkeeper: scans tickets, often twice at once, with a network and without. Some holders replace their codes before.

use std::cell::RefCell;
use std::rc::Rc;

use function_tests::tickets_fixture::{check_in_call, scan_key, ticket_call, undo_call, upload_call};
use harness::gateway::{Answer, Call};
use serde_json::{Value, json};

use super::box_office::a_showtime;
use super::repeated;
use crate::world::World;

/// Scans tickets until the run ends.
pub async fn keep(world: Rc<World>) {
    let keys = Call::new("GET", "/ticket-keys");
    world.http("get-ticket-keys", keys).await;
    // Nobody has sold this one a ticket.
    let list = Call::new("GET", "/tickets").by("passer-by");
    world.http("list-tickets", list).await;
    let none = "018f0000-0000-8000-8000-000000000000";
    let qr = ticket_call("/tickets/{ticket_id}/qr", "passer-by", none);
    world.http("get-ticket-qr", qr).await;
    let scan = json!({ "key": scan_key("none"), "code": "none", "gate": "0", "scanned_at": world.clock.now() });
    world
        .http("upload-scans", upload_call(&world.key(), none, &[scan]))
        .await;
    let undo = undo_call(&world.key(), none, &json!(none));
    world.http("undo-check-in", undo).await;
    while world.is_running() {
        world.pause().await;
        let Some(showtime) = a_showtime(&world) else { continue };
        let Some(ticket) = a_ticket(&world, &showtime).await else {
            continue;
        };
        let (Some(id), Some(holder)) = (ticket["ticket_id"].as_str(), ticket["holder_id"].as_str()) else {
            continue;
        };
        let Some(code) = shown(&world, id, holder).await else {
            continue;
        };
        if world.below(3) == 0 {
            let replace = |key: &str| ticket_call("/tickets/{ticket_id}/replace-code", holder, id).key(key);
            repeated::send(&world, "replace-ticket-code", replace).await;
        }
        if world.below(3) == 0 {
            give_back(&world, &ticket).await;
        }
        let gate = format!("{}", world.below(3));
        let answers = if world.below(3) == 0 {
            let at = world.clock.now();
            let upload = |key: &str| {
                let scan = json!({ "key": scan_key(key), "code": code, "gate": gate, "scanned_at": at });
                upload_call(key, &showtime, &[scan])
            };
            repeated::send(&world, "upload-scans", upload).await
        } else {
            let keys = RefCell::new(vec![]);
            let scan = |key: &str| {
                keys.borrow_mut().push(key.to_owned());
                check_in_call(key, &showtime, &code, &gate)
            };
            let answers = repeated::send(&world, "check-in-ticket", scan).await;
            let sent = keys.into_inner().into_iter().rev();
            let admitted = sent.zip(answers.iter().rev()).find(|(_, answer)| answer.status == 200);
            if let Some(key) = admitted.map(|(key, _)| key) {
                scan_again(&world, check_in_call(&key, &showtime, &code, &gate)).await;
            }
            answers
        };
        record(&world, id, &answers);
    }
}

/// Sends a scan that has admitted once more.
async fn scan_again(world: &World, scan: Call) {
    let again = world.request("check-in-ticket", scan).await;
    if again.status == 409 && again.problem() == "already-checked-in" {
        world.report(format!("a repeated scan is the first one: {}", again.body));
    }
}

/// Gives back the seat of a ticket, or all seats of its order, as an administrator or as the holder. The holder asks for a quote first.
async fn give_back(world: &World, ticket: &Value) {
    let (Some(order), Some(holder)) = (ticket["order_id"].as_str(), ticket["holder_id"].as_str()) else {
        return;
    };
    let mut body = match world.below(2) {
        0 => json!({}),
        _ => json!({ "lines": [{ "line_id": ticket["line_id"], "quantity": 1 }] }),
    };
    let by_holder = world.below(3) > 0;
    if by_holder {
        let call = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", order);
        let quote = world
            .http("create-cancellation-quote", call.by(holder).json(&body))
            .await;
        if quote.status == 200 {
            body["expected_refund"] = quote.body["refund"].clone();
        }
    }
    let cancel = |key: &str| {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", order);
        let call = if by_holder { call.by(holder) } else { call.by_admin() };
        call.key(key).json(&body)
    };
    repeated::send(world, "cancel-order", cancel).await;
}

/// One of the tickets of a showtime.
async fn a_ticket(world: &World, showtime: &str) -> Option<Value> {
    world.one_of(&tickets_of(world, showtime).await)
}

/// The tickets of a showtime, as the door lists them.
pub async fn tickets_of(world: &World, showtime: &str) -> Vec<Value> {
    let list = Call::new("GET", "/admin/showtimes/{showtime_id}/tickets").path("showtime_id", showtime);
    let list = world.http("list-showtime-tickets", list.by_admin()).await;
    list.body["items"].as_array().cloned().unwrap_or_default()
}

/// The code that a holder shows. Some look at all their tickets first, or show the image.
pub async fn shown(world: &World, id: &str, holder: &str) -> Option<String> {
    match world.below(3) {
        0 => drop(
            world
                .http("list-tickets", Call::new("GET", "/tickets").by(holder))
                .await,
        ),
        1 => drop(
            world
                .http("get-ticket-qr", ticket_call("/tickets/{ticket_id}/qr", holder, id))
                .await,
        ),
        _ => {}
    }
    let ticket = world
        .http("get-ticket", ticket_call("/tickets/{ticket_id}", holder, id))
        .await;
    ticket.body["code"].as_str().map(str::to_owned)
}

/// Records the scans that admitted.
pub fn record(world: &World, ticket: &str, answers: &[Answer]) {
    let mut state = world.state();
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let uploaded = &answer.body["scans"][0];
        let check_in = match uploaded["result"].as_str() {
            Some("CHECKED_IN") => &uploaded["check_in"],
            Some(_) => continue,
            None => &answer.body["check_in"],
        };
        let scan = check_in["scan_id"].as_str().unwrap_or_default().to_owned();
        let admissions = state.check_ins.entry(ticket.to_owned()).or_default();
        admissions.scans.insert(scan);
        admissions.answers += u32::from(!answer.replayed);
    }
}
