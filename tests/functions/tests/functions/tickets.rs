//! Tickets: issued for paid seats, void with them, and checked in once.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use function_tests::payment_fixture::toss_call;
use function_tests::tickets_fixture::{
    KEY, check_in_call, delete_offer_call, scan_key, text, ticket_call, undo_call, upload_call,
};
use function_tests::{PaymentFixture, TicketsFixture, id_of};
use futures::future::join_all;
use harness::TICKET_KEYS;
use harness::engine::{SHOWS, TICKETS};
use harness::gateway::{Answer, Call};
use jiff::{SignedDuration, Timestamp};
use sandbox::{Fault, Provider};
use serde_json::{Value, json};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::action::Handler;
use tickets::admission::code::TicketCode;
use tickets::admission::keys::TicketKeys;

use crate::holds::{paid, selling};

/// Holds seats of a showtime, pays for them and issues their tickets. Returns the order.
pub(crate) async fn bought(shop: &TicketsFixture, customer: &str, showtime: &str, seats: &[&str]) -> Value {
    bought_through(shop, customer, showtime, seats).await.0
}

/// As [`bought`]. Returns the provider too.
pub(crate) async fn bought_through(
    shop: &TicketsFixture,
    customer: &str,
    showtime: &str,
    seats: &[&str],
) -> (Value, PaymentFixture) {
    let order = shop
        .hold(customer, &format!("hold-{}", seats[0]), showtime, seats)
        .await;
    assert_eq!(order.status, 201, "{order:?}");
    let payments = paid(shop, customer, &order).await;
    let order = shop.shop.see(customer, &id_of(&order)).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    (order, payments)
}

/// The ids of a customer's tickets, by seat.
pub(crate) async fn ids(shop: &TicketsFixture, customer: &str) -> Vec<String> {
    let mut tickets = shop.tickets(customer).await;
    tickets.sort_by_key(|ticket| text(ticket, "seat"));
    tickets.iter().map(|ticket| text(ticket, "ticket_id")).collect()
}

/// The code of a customer's ticket.
pub(crate) async fn code(shop: &TicketsFixture, customer: &str, id: &str) -> String {
    text(&shop.ticket(customer, id).await.body, "code")
}

async fn statuses(shop: &TicketsFixture, customer: &str) -> Vec<Value> {
    let mut tickets = shop.tickets(customer).await;
    tickets.sort_by_key(|ticket| text(ticket, "seat"));
    tickets.iter().map(|ticket| ticket["status"].clone()).collect()
}

/// A ticket as stored.
pub(crate) async fn stored(shop: &TicketsFixture, id: &str) -> Value {
    let items = shop.engine.items(TICKETS).await.into_iter();
    let mut tickets = items.filter(|item| item["pk"] == format!("TICKET#{id}").as_str());
    tickets.next().expect("a ticket")
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

pub(crate) fn scan(key: &str, code: &str, gate: &str, at: jiff::Timestamp) -> Value {
    json!({ "key": scan_key(key), "code": code, "gate": gate, "scanned_at": at })
}

pub(crate) async fn cancelled_by_admin(shop: &TicketsFixture, order: &Value, body: &Value) -> Value {
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &text(order, "order_id"));
    let answer = shop
        .cancel_order(call.by_admin().key(&body.to_string().len().to_string()).json(body))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_paid_seat_has_one_ticket_however_often_and_in_whatever_order_the_events_come() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    shop.update_tickets("OrderPaid", &hold.body).await;
    assert!(shop.tickets("ann").await.is_empty(), "it is not paid");
    paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    shop.update_tickets("OrderLinesCancelled", &order).await;
    let tickets = shop.tickets("ann").await;
    let seats: BTreeSet<String> = tickets.iter().map(|ticket| text(ticket, "seat")).collect();
    assert_eq!(seats, BTreeSet::from(["0-0-0".to_owned(), "0-0-1".to_owned()]));
    for ticket in &tickets {
        assert_eq!(ticket["status"], "VALID");
        assert_eq!(
            (&ticket["showtime_id"], &ticket["class"]),
            (&json!(showtime), &json!("VIP"))
        );
        assert_eq!(ticket["starts_at"], "2026-03-07T10:00:00Z");
    }
    shop.update_tickets("OrderPaid", &order).await;
    shop.update_tickets("OrderPaid", &order).await;
    assert_eq!(shop.tickets("ann").await, tickets);
    let stored = shop.engine.items(TICKETS).await;
    let own = stored
        .iter()
        .find(|item| item["pk"].as_str().unwrap().starts_with("ORDER#"))
        .unwrap();
    assert_eq!(
        (&own["version"], &own["event"]["detail_type"]),
        (&json!(1), &json!("TicketsIssued"))
    );
}

#[tokio::test]
async fn tickets_are_issued_once_while_their_event_is_delivered_many_times_at_once() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    join_all((0..8).map(|_| shop.update_tickets("OrderPaid", &order))).await;
    let items = shop.engine.items(TICKETS).await;
    assert_eq!(items.len(), 3, "two tickets and the order's: {items:?}");
    assert!(items.iter().all(|item| item["version"] == 1), "{items:?}");
}

#[tokio::test]
async fn an_event_that_fails_is_reported_to_the_queue_and_the_others_of_its_batch_issue_their_tickets() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    let damaged = json!({ "order_id": "none", "lines": [] });
    let failed = shop.update_tickets_of("OrderPaid", &[&damaged, &order]).await;
    assert_eq!(failed, [0]);
    assert_eq!(shop.tickets("ann").await.len(), 2);
}

#[tokio::test]
async fn the_tickets_of_a_showtime_that_was_moved_show_the_present_start_and_the_former_one() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await[0].clone();
    let former = code(&shop, "ann", &ticket).await;
    assert_eq!(shop.ticket("ann", &ticket).await.body.get("moved_from"), None);
    let later = json!({ "local_start": "2026-03-08T19:00:00" });
    let moved = shop.change(&showtime, &later).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let starts = |ticket: &Value| (ticket["starts_at"].clone(), ticket["moved_from"].clone());
    let expected = (json!("2026-03-08T10:00:00Z"), json!("2026-03-07T10:00:00Z"));
    let shown = shop.ticket("ann", &ticket).await.body;
    assert_eq!(
        (starts(&shown), text(&shown, "code")),
        (expected.clone(), former.clone())
    );
    let mut listed = vec![];
    let mut cursor: Option<String> = None;
    loop {
        let mut call = Call::new("GET", "/tickets").by("ann").query("limit", "1");
        if let Some(cursor) = &cursor {
            call = call.query("cursor", cursor);
        }
        let page = shop.call("list-tickets", call).await.body;
        listed.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed.iter().all(|ticket| starts(ticket) == expected), "{listed:?}");
    let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &ticket).key("r");
    let replaced = shop.call("replace-ticket-code", replace).await;
    assert_eq!(starts(&replaced.body), expected, "{replaced:?}");
    let offer = shop.offer("ann", "o", &ticket).await;
    let taken_back = shop
        .call("delete-transfer-offer", delete_offer_call("ann", &offer))
        .await;
    assert_eq!(starts(&taken_back.body), expected, "{taken_back:?}");
    let back = shop
        .change(&showtime, &json!({ "local_start": "2026-03-07T19:00:00" }))
        .await;
    assert_eq!(back.status, 200, "{back:?}");
    assert_eq!(shop.ticket("ann", &ticket).await.body.get("moved_from"), None);
    let admitted = shop.check_in("scan", &showtime, &former, "A").await;
    assert_eq!(seen(&admitted), (409, "ticket-code-replaced"));
}

#[tokio::test]
async fn a_ticket_is_void_when_its_seat_is_given_back_even_if_the_events_swap() {
    let (shop, showtime) = selling(2, 4).await;
    let (order, payments) = bought_through(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let first = code(&shop, "ann", &tickets[0]).await;
    let one = json!({ "lines": [{ "line_id": order["lines"][0]["line_id"], "quantity": 1 }] });
    let after = cancelled_by_admin(&shop, &order, &one).await;
    shop.update_tickets("OrderLinesCancelled", &after).await;
    assert_eq!(statuses(&shop, "ann").await, ["VOID", "VALID"]);
    assert_eq!(
        seen(&shop.check_in("s", &showtime, &first, "A").await),
        (409, "ticket-void")
    );
    assert_eq!(shop.ticket("ann", &tickets[0]).await.body.get("code"), None);
    let qr = ticket_call("/tickets/{ticket_id}/qr", "ann", &tickets[0]);
    assert_eq!(seen(&shop.call("get-ticket-qr", qr).await), (409, "ticket-void"));
    let payment = payments.payment_of("ann", &text(&order, "order_id")).await;
    payments.refund("RefundRequested", &payment).await.unwrap();
    let ended = cancelled_by_admin(&shop, &order, &json!({})).await;
    shop.update_tickets("OrderCancelled", &ended).await;
    shop.update_tickets("OrderPaid", &order).await;
    assert_eq!(statuses(&shop, "ann").await, ["VOID", "VOID"]);
    // The seat is sold again: another ticket, whose code admits.
    bought(&shop, "bob", &showtime, &["0-0-0", "0-0-1"]).await;
    let bobs = ids(&shop, "bob").await;
    assert_ne!(bobs[0], tickets[0]);
    let admitted = shop
        .check_in("b", &showtime, &code(&shop, "bob", &bobs[0]).await, "A")
        .await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    assert_eq!(
        seen(&shop.check_in("a", &showtime, &first, "A").await),
        (409, "ticket-void")
    );
}

#[tokio::test]
async fn an_order_that_ends_before_its_payment_event_comes_gets_no_tickets() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    let ended = cancelled_by_admin(&shop, &order, &json!({})).await;
    shop.update_tickets("OrderCancelled", &ended).await;
    shop.update_tickets("OrderPaid", &order).await;
    assert!(shop.engine.items(TICKETS).await.is_empty());
}

#[tokio::test]
async fn of_many_devices_that_scan_one_code_at_once_one_admits() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let function = shop.handler("check-in-ticket");
    let scans = (0..20).map(|nth| {
        let call = check_in_call(&format!("scan-{nth}"), &showtime, &code, &format!("gate {nth}"));
        shop.call_with(&function, call)
    });
    let answers = join_all(scans).await;
    let admitted: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(admitted.len(), 1, "{answers:?}");
    let gate = &admitted[0].body["check_in"]["gate"];
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(seen(refused), (409, "already-checked-in"));
        assert_eq!(
            &refused.body["check_in"]["gate"], gate,
            "it tells where the first one was"
        );
    }
}

#[tokio::test]
async fn a_scan_costs_one_request_and_one_write_unit() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let function = shop.handler("check-in-ticket");
    // The function learns from when on tickets are checked in.
    let other = self::code(&shop, "ann", &tickets[1]).await;
    shop.call_with(&function, check_in_call("o", &showtime, &other, "A"))
        .await;
    shop.engine.faults.measure();
    let answer = shop
        .call_with(&function, check_in_call("s", &showtime, &code, &"게".repeat(40)))
        .await;
    let cost = shop.engine.faults.cost();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(cost.requests, HashMap::from([("UpdateItem".to_owned(), 1)]));
    assert!(cost.write_units <= 1.0, "{cost:?}");
}

/// An action for which check-in opens two hours before the doors.
fn at_the_door(shop: &TicketsFixture, action: &str) -> Handler {
    let platform = shop.platform().with_variable("CHECK_IN_OPENS_MINUTES", "120");
    let action = tickets::ACTIONS.iter().find(|known| known.name == action).unwrap();
    (action.build)(&platform).unwrap()
}

/// Advances the clock to this time.
fn wait_until(shop: &TicketsFixture, at: &str) {
    let at: Timestamp = at.parse().unwrap();
    shop.advance(at.duration_since(shop.now()));
}

#[tokio::test]
async fn a_scan_is_refused_until_two_hours_before_the_doors_and_leaves_the_ticket_unused() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let scanner = at_the_door(&shop, "check-in-ticket");
    let scan = async || {
        let call = check_in_call("s", &showtime, &code, "A");
        shop.call_with(&scanner, call).await
    };
    let early = scan().await;
    assert_eq!(seen(&early), (409, "check-in-not-open"));
    assert_eq!(
        early.body["opens_at"], "2026-03-07T08:00:00Z",
        "two hours before the start"
    );
    let doors = json!({ "doors_at": "2026-03-07T09:00:00Z" });
    assert_eq!(shop.change(&showtime, &doors).await.status, 200);
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(
        scan().await.body["opens_at"],
        "2026-03-07T07:00:00Z",
        "before the doors"
    );
    wait_until(&shop, "2026-03-07T06:59:59Z");
    assert_eq!(seen(&scan().await), (409, "check-in-not-open"));
    assert_eq!(stored(&shop, &ticket).await.get("check_in"), None);
    wait_until(&shop, "2026-03-07T07:00:00Z");
    let admitted = scan().await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
}

#[tokio::test]
async fn nobody_is_admitted_to_a_cancelled_showtime_and_a_scan_that_was_recorded_before_is_repeated() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let [one, two] = [
        code(&shop, "ann", &tickets[0]).await,
        code(&shop, "ann", &tickets[1]).await,
    ];
    assert_eq!(shop.check_in("one", &showtime, &one, "A").await.status, 200);
    let cancelled = shop.change(&showtime, &json!({ "status": "CANCELLED" })).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(
        seen(&shop.check_in("two", &showtime, &two, "A").await),
        (409, "show-cancelled")
    );
    assert_eq!(
        statuses(&shop, "ann").await,
        ["VALID", "VALID"],
        "their order is open yet"
    );
    let again = shop.check_in("one", &showtime, &one, "A").await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
    let offline = [scan("three", &two, "B", shop.now())];
    let uploaded = shop.call("upload-scans", upload_call("u", &showtime, &offline)).await;
    assert_eq!(uploaded.body["scans"][0]["result"], "SHOW_CANCELLED", "{uploaded:?}");
    let kept = stored(&shop, &tickets[1]).await;
    assert_eq!(
        (kept.get("check_in"), kept["double_scans"].as_array().unwrap().len()),
        (None, 1)
    );
}

#[tokio::test]
async fn an_uploaded_scan_from_before_check_in_is_kept_and_reported_and_does_not_use_the_ticket_up() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let function = at_the_door(&shop, "upload-scans");
    let upload = async |scan: &Value| {
        let call = upload_call("u", &showtime, std::slice::from_ref(scan));
        shop.call_with(&function, call).await
    };
    wait_until(&shop, "2026-03-06T09:00:00Z");
    let early = scan("early", &code, "A", shop.now());
    wait_until(&shop, "2026-03-07T09:00:00Z");
    let uploaded = upload(&early).await;
    assert_eq!((uploaded.status, uploaded.replayed), (200, false), "{uploaded:?}");
    let result = &uploaded.body["scans"][0];
    assert_eq!((&result["result"], result.get("check_in")), (&json!("NOT_OPEN"), None));
    let kept = stored(&shop, &ticket).await;
    assert_eq!(kept.get("check_in"), None);
    assert_eq!(kept["double_scans"][0]["gate"], "A");
    assert_eq!(kept["event"]["detail_type"], "DoubleScanFound");
    let again = upload(&early).await;
    assert_eq!((&again.body, again.replayed), (&uploaded.body, true));
    let late = upload(&scan("late", &code, "B", shop.now())).await;
    assert_eq!(late.body["scans"][0]["result"], "CHECKED_IN", "{late:?}");
}

#[tokio::test]
async fn scans_of_a_device_whose_clock_is_wrong_are_corrected_by_the_time_at_which_it_sends_them() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    bought(&shop, "bob", &showtime, &["0-1-0", "0-1-1"]).await;
    let (anns, bobs) = (ids(&shop, "ann").await, ids(&shop, "bob").await);
    let function = at_the_door(&shop, "upload-scans");
    let upload = async |scan: Value, sent_at: Option<Timestamp>| {
        let mut body = json!({ "scans": [scan] });
        if let Some(sent_at) = sent_at {
            body["sent_at"] = json!(sent_at);
        }
        let call = upload_call("u", &showtime, &[]).json(&body);
        shop.call_with(&function, call).await
    };
    wait_until(&shop, "2026-03-07T09:30:00Z");
    let (now, minute) = (shop.now(), SignedDuration::from_mins(1));
    let scanned = now - minute * 10;
    // A clock that is a day behind, a clock that is a year behind, and one that is a day ahead.
    let day = SignedDuration::from_hours(24);
    let behind = scan("one", &code(&shop, "ann", &anns[0]).await, "A", scanned - day);
    let far = scan("two", &code(&shop, "ann", &anns[1]).await, "A", scanned - day * 365);
    let ahead = scan("three", &code(&shop, "bob", &bobs[0]).await, "A", scanned + day);
    assert_eq!(seen(&upload(far.clone(), None).await), (422, "invalid-scans"));
    assert_eq!(seen(&upload(ahead.clone(), None).await), (422, "invalid-scans"));
    for (scan, offset) in [(&behind, -day), (&far, -day * 365), (&ahead, day)] {
        let uploaded = upload(scan.clone(), Some(now + offset)).await;
        let result = &uploaded.body["scans"][0];
        assert_eq!(result["result"], "CHECKED_IN", "{uploaded:?}");
        assert_eq!(result["check_in"]["at"], json!(scanned), "{uploaded:?}");
    }
    // The same scan is the same check-in, whatever the clock says by then.
    shop.advance(minute);
    let again = upload(behind.clone(), Some(now - day)).await;
    assert_eq!(
        (again.replayed, &again.body["scans"][0]["check_in"]["at"]),
        (true, &json!(scanned))
    );
    // Without the time of the device, it was not open yet.
    let early = scan("four", &code(&shop, "bob", &bobs[1]).await, "A", scanned - day);
    let kept = upload(early, None).await;
    assert_eq!(kept.body["scans"][0]["result"], "NOT_OPEN", "{kept:?}");
    let beyond = scan("five", "none", "A", Timestamp::MAX);
    let refused = upload(beyond, Some(now - day)).await;
    assert_eq!(seen(&refused), (422, "invalid-scans"));
}

#[tokio::test]
async fn a_check_in_that_was_undone_leaves_the_ticket_unused_and_its_scan_does_not_check_it_in_again() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let tested = shop.check_in("test", &showtime, &code, "A").await.body["check_in"].clone();
    let undone = shop
        .call("undo-check-in", undo_call("u", &ticket, &tested["scan_id"]))
        .await;
    assert_eq!((undone.status, undone.replayed), (200, false), "{undone:?}");
    assert_eq!(
        (&undone.body["status"], undone.body.get("check_in")),
        (&json!("VALID"), None)
    );
    let record = &undone.body["undone_check_ins"][0];
    assert_eq!(
        (&record["check_in"], &record["reason"], &record["undone_at"]),
        (&tested, &json!("A test of the scanner"), &json!(shop.now()))
    );
    assert_eq!(record["undone_by"], tested["by"], "the administrator");
    assert_eq!(
        stored(&shop, &ticket).await["event"]["detail_type"],
        "TicketCheckInUndone"
    );
    assert_eq!(
        seen(&shop.check_in("test", &showtime, &code, "A").await),
        (409, "check-in-undone")
    );
    let late = [scan("test", &code, "A", shop.now())];
    let uploaded = shop.call("upload-scans", upload_call("u", &showtime, &late)).await;
    assert_eq!(uploaded.body["scans"][0]["result"], "UNDONE", "{uploaded:?}");
    let admitted = shop.check_in("show", &showtime, &code, "A").await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    let other = shop
        .call("undo-check-in", undo_call("o", &ticket, &json!(ticket)))
        .await;
    assert_eq!(seen(&other), (409, "not-checked-in"));
    assert_eq!(other.body["check_in"], admitted.body["check_in"]);
}

#[tokio::test]
async fn of_many_requests_to_undo_a_check_in_at_once_one_takes_effect() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let scan = shop.check_in("test", &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
    let undo = |nth: usize| shop.call("undo-check-in", undo_call(&format!("u{nth}"), &ticket, &scan));
    let answers = join_all((0..8).map(undo)).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let new = answers.iter().filter(|answer| !answer.replayed);
    assert_eq!(new.count(), 1, "{answers:?}");
    let kept = stored(&shop, &ticket).await;
    assert_eq!(kept["undone_check_ins"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_seat_of_a_ticket_can_be_given_back_after_its_check_in_was_undone() {
    let (shop, showtime) = selling(2, 4).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    let scan = shop.check_in("test", &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
    let cancel = async |key: &str| {
        let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &text(&order, "order_id"));
        shop.cancel_order(call.by("ann").key(key).json(&json!({}))).await
    };
    assert_eq!(seen(&cancel("1").await), (409, "seat-used"));
    let undone = shop.call("undo-check-in", undo_call("u", &ticket, &scan)).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(cancel("2").await.status, 200);
}

#[tokio::test]
async fn ten_check_ins_of_a_ticket_are_undone_and_no_more() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let ticket = ids(&shop, "ann").await.remove(0);
    let code = code(&shop, "ann", &ticket).await;
    for nth in 0..=10 {
        let key = nth.to_string();
        let scan = shop.check_in(&key, &showtime, &code, "A").await.body["check_in"]["scan_id"].clone();
        let undone = shop.call("undo-check-in", undo_call(&key, &ticket, &scan)).await;
        match nth {
            10 => assert_eq!(seen(&undone), (409, "too-many-undone-check-ins")),
            _ => assert_eq!(undone.status, 200, "{undone:?}"),
        }
    }
}

#[tokio::test]
async fn a_retried_scan_is_the_first_one_and_a_changed_one_is_refused() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let first = shop.check_in("scan", &showtime, &code, "A").await;
    assert_eq!((first.status, first.replayed), (200, false), "{first:?}");
    shop.advance(SignedDuration::from_secs(5));
    let again = shop.check_in("scan", &showtime, &code, "A").await;
    assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
    assert_eq!(again.body, first.body);
    let elsewhere = shop.check_in("scan", &showtime, &code, "B").await;
    assert_eq!(seen(&elsewhere), (422, "idempotency-key-reused"));
    let other = shop.check_in("other", &showtime, &code, "A").await;
    assert_eq!(seen(&other), (409, "already-checked-in"));
    assert_eq!(other.body["check_in"], first.body["check_in"]);
}

#[tokio::test]
async fn codes_of_other_shows_altered_codes_and_other_texts_are_told_apart() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let other = "018f0000-0000-8000-8000-000000000000";
    let elsewhere = shop.check_in("s", other, &code, "A").await;
    assert_eq!(seen(&elsewhere), (409, "other-showtime"));
    assert_eq!(elsewhere.body["showtime_id"], json!(showtime));
    let mut altered = code.clone();
    altered.replace_range(10..11, if &code[10..11] == "A" { "B" } else { "A" });
    for bad in [altered.as_str(), "", "tickets[0]", &tickets[0]] {
        let answer = shop.check_in("s", &showtime, bad, "A").await;
        assert_eq!(seen(&answer), (422, "invalid-ticket-code"), "{bad}");
    }
    let gate = shop.check_in("s", &showtime, &code, "").await;
    assert_eq!(seen(&gate), (422, "invalid-text"));
    assert_eq!(
        shop.check_in("s", &showtime, &code.to_lowercase(), "A").await.status,
        200
    );
}

#[tokio::test]
async fn scans_without_a_network_are_recorded_later_and_double_ones_are_reported_once() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let [first, second] = [0, 1].map(|nth| tickets[nth].clone());
    let codes = [code(&shop, "ann", &first).await, code(&shop, "ann", &second).await];
    assert_eq!(shop.check_in("online", &showtime, &codes[0], "A").await.status, 200);
    let at = shop.now();
    shop.advance(SignedDuration::from_mins(10));
    let scans = [
        // Sent before, and not answered.
        scan("online", &codes[0], "A", at),
        scan("offline-1", &codes[0], "B", at + SignedDuration::from_mins(1)),
        scan("offline-2", &codes[1], "B", at + SignedDuration::from_mins(2)),
        scan("offline-3", "nonsense", "B", at),
    ];
    let upload = || upload_call("upload", &showtime, &scans);
    let answer = shop.call("upload-scans", upload()).await;
    let results = |answer: &Answer| -> Vec<Value> {
        let scans = answer.body["scans"].as_array().unwrap().iter();
        scans.map(|scan| scan["result"].clone()).collect()
    };
    let expected = ["CHECKED_IN", "ALREADY_CHECKED_IN", "CHECKED_IN", "INVALID_CODE"];
    assert_eq!(results(&answer), expected, "{answer:?}");
    assert_eq!(answer.body["scans"][1]["check_in"]["gate"], "A");
    assert_eq!(
        answer.body["scans"][2]["check_in"]["at"],
        json!(at + SignedDuration::from_mins(2))
    );
    assert_eq!(
        results(&shop.call("upload-scans", upload()).await),
        expected,
        "sent again"
    );
    let item = stored(&shop, &first).await;
    let doubles = item["double_scans"].as_array().unwrap();
    assert_eq!((doubles.len(), &doubles[0]["gate"]), (1, &json!("B")), "{item}");
    assert_eq!(item["version"], 3, "issued, checked in, and one double scan");
    assert_eq!(item["event"]["detail_type"], "DoubleScanFound");
    let detail: Value = serde_json::from_str(item["event"]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["data"]["double_scan"]["gate"], "B");
}

#[tokio::test]
async fn an_upload_that_breaks_a_rule_records_nothing() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let now = shop.now();
    let good = scan("good", &code, "A", now);
    let ahead = scan("ahead", &code, "A", now + SignedDuration::from_mins(6));
    let many: Vec<Value> = (0..101).map(|nth| scan(&format!("k{nth}"), &code, "A", now)).collect();
    for bad in [
        vec![],
        many,
        vec![good.clone(), ahead],
        vec![good.clone(), good.clone()],
        vec![good.clone(), scan("key with spaces", &code, "A", now)],
        vec![scan("old", &code, "A", now - SignedDuration::from_hours(31 * 24))],
    ] {
        let answer = shop.call("upload-scans", upload_call("u", &showtime, &bad)).await;
        assert_eq!(seen(&answer), (422, "invalid-scans"), "{bad:?}");
    }
    let gate = vec![good.clone(), scan("gate", &code, "", now)];
    assert_eq!(
        seen(&shop.call("upload-scans", upload_call("u", &showtime, &gate)).await),
        (422, "invalid-text")
    );
    let short = json!({ "key": "1", "code": code, "gate": "A", "scanned_at": now });
    assert_eq!(
        seen(&shop.call("upload-scans", upload_call("u", &showtime, &[short])).await),
        (400, "invalid-idempotency-key")
    );
    assert_eq!(shop.ticket("ann", &tickets[0]).await.body.get("checked_in_at"), None);
    let ahead = scan("ahead", &code, "A", now + SignedDuration::from_mins(4));
    let answer = shop.call("upload-scans", upload_call("u", &showtime, &[ahead])).await;
    assert_eq!(answer.body["scans"][0]["check_in"]["at"], json!(now), "{answer:?}");
}

#[tokio::test]
async fn a_replaced_code_does_not_admit_any_more() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let old = code(&shop, "ann", &tickets[0]).await;
    let replace =
        |customer: &str, key: &str| ticket_call("/tickets/{ticket_id}/replace-code", customer, &tickets[0]).key(key);
    let first = shop.call("replace-ticket-code", replace("ann", "r")).await;
    let new = text(&first.body, "code");
    assert_eq!((first.status, &first.body["issue"]), (200, &json!(2)), "{first:?}");
    assert_ne!(new, old);
    let again = shop.call("replace-ticket-code", replace("ann", "r")).await;
    assert_eq!((again.replayed, &again.body), (true, &first.body));
    assert_eq!(
        seen(&shop.call("replace-ticket-code", replace("bob", "r")).await),
        (404, "not-found")
    );
    assert_eq!(
        seen(&shop.check_in("s", &showtime, &old, "A").await),
        (409, "ticket-code-replaced")
    );
    assert_eq!(shop.check_in("s", &showtime, &new, "A").await.status, 200);
    let late = shop.call("replace-ticket-code", replace("ann", "late")).await;
    assert_eq!(seen(&late), (409, "ticket-used"));
    assert_eq!(
        seen(&shop.check_in("old", &showtime, &old, "A").await),
        (409, "already-checked-in")
    );
}

#[tokio::test]
async fn a_ticket_has_at_most_twenty_codes() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    for nth in 2..=21 {
        let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key(&format!("r{nth}"));
        let answer = shop.call("replace-ticket-code", replace).await;
        match nth {
            21 => assert_eq!(seen(&answer), (409, "too-many-codes")),
            _ => assert_eq!(answer.body["issue"], json!(nth), "{answer:?}"),
        }
    }
}

#[tokio::test]
async fn a_code_that_was_replaced_and_admitted_without_a_network_uses_the_ticket_up() {
    for is_uploaded_first in [true, false] {
        let (shop, showtime) = selling(2, 4).await;
        bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
        let tickets = ids(&shop, "ann").await;
        let old = code(&shop, "ann", &tickets[0]).await;
        let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key("r");
        let new = text(&shop.call("replace-ticket-code", replace).await.body, "code");
        let offline = [scan("offline", &old, "B", shop.now())];
        let upload = async || {
            shop.call("upload-scans", upload_call("u", &showtime, &offline))
                .await
                .body["scans"][0]
                .clone()
        };
        if is_uploaded_first {
            assert_eq!(upload().await["result"], "CHECKED_IN");
            let refused = shop.check_in("online", &showtime, &new, "A").await;
            assert_eq!(seen(&refused), (409, "already-checked-in"));
            assert_eq!(refused.body["check_in"]["gate"], "B");
        } else {
            assert_eq!(shop.check_in("online", &showtime, &new, "A").await.status, 200);
            assert_eq!(upload().await["result"], "ALREADY_CHECKED_IN");
            assert_eq!(stored(&shop, &tickets[0]).await["double_scans"][0]["gate"], "B");
        }
    }
}

#[tokio::test]
async fn a_void_ticket_that_a_device_without_a_network_admitted_is_reported() {
    let (shop, showtime) = selling(2, 4).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let ended = cancelled_by_admin(&shop, &order, &json!({})).await;
    shop.update_tickets("OrderCancelled", &ended).await;
    let scans = [scan("offline", &code, "B", shop.now())];
    for is_again in [false, true] {
        let answer = shop.call("upload-scans", upload_call("u", &showtime, &scans)).await;
        assert_eq!(
            (answer.replayed, &answer.body["scans"][0]["result"]),
            (is_again, &json!("TICKET_VOID"))
        );
    }
    let item = stored(&shop, &tickets[0]).await;
    assert_eq!(item["double_scans"].as_array().unwrap().len(), 1, "{item}");
    let detail: Value = serde_json::from_str(item["event"]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["data"]["status"], "VOID");
}

#[tokio::test]
async fn a_check_in_and_a_new_code_whose_answers_are_lost_took_effect_once() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    shop.engine
        .faults
        .plan("TransactWriteItems", harness::Fault::LoseAnswer);
    let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key("r");
    let replaced = shop.call("replace-ticket-code", replace).await;
    assert_eq!(
        (replaced.status, &replaced.body["issue"]),
        (200, &json!(2)),
        "{replaced:?}"
    );
    shop.engine.faults.plan("UpdateItem", harness::Fault::LoseAnswer);
    let admitted = shop.check_in("s", &showtime, &text(&replaced.body, "code"), "A").await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    assert_eq!(
        stored(&shop, &tickets[0]).await["version"],
        3,
        "issued, replaced and checked in"
    );
}

#[tokio::test]
async fn a_scanner_verifies_codes_with_the_public_keys_alone() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let code = code(&shop, "ann", &tickets[0]).await;
    let list = shop.call("get-ticket-keys", Call::new("GET", "/ticket-keys")).await;
    assert_eq!(list.body["keys"][0]["number"], 1, "{list:?}");
    let public = base64_of(&list.body["keys"][0]["public_key"]);
    let bytes = data_encoding::BASE32_NOPAD.decode(code.as_bytes()).unwrap();
    let (claims, signature) = bytes.split_at(41);
    let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, public);
    let signed = [b"madang ticket\0".as_slice(), claims].concat();
    assert!(key.verify(&signed, signature).is_ok());
    assert_eq!(uuid::Uuid::from_slice(&claims[4..20]).unwrap().to_string(), tickets[0]);
}

#[tokio::test]
async fn a_key_that_is_added_signs_at_once_and_codes_of_the_former_one_still_admit() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let scanner = shop.handler("check-in-ticket");
    let old = code(&shop, "ann", &tickets[0]).await;
    let nonsense = check_in_call("warm", &showtime, "nonsense", "A");
    assert_eq!(shop.call_with(&scanner, nonsense).await.status, 422);
    shop.vault
        .set_secret(TICKET_KEYS, &json!({ "1": KEY, "2": KEY.repeat(2) }));
    let new = code(&shop, "ann", &tickets[1]).await;
    let keys: TicketKeys = serde_json::from_value(json!({ "1": KEY })).unwrap();
    assert!(TicketCode::verify(&old, &keys).is_ok() && TicketCode::verify(&new, &keys).is_err());
    shop.advance(SignedDuration::from_secs(31));
    for (key, code) in [("new", &new), ("old", &old)] {
        let answer = shop.call_with(&scanner, check_in_call(key, &showtime, code, "A")).await;
        assert_eq!(answer.status, 200, "{key}: {answer:?}");
    }
}

#[tokio::test]
async fn a_customer_sees_only_their_own_tickets() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    assert!(shop.tickets("bob").await.is_empty());
    assert_eq!(seen(&shop.ticket("bob", &tickets[0]).await), (404, "not-found"));
    let qr = ticket_call("/tickets/{ticket_id}/qr", "bob", &tickets[0]);
    assert_eq!(seen(&shop.call("get-ticket-qr", qr).await), (404, "not-found"));
    let code = code(&shop, "ann", &tickets[0]).await;
    assert_eq!(shop.check_in("s", &showtime, &code, "A").await.status, 200);
    for ticket in shop.tickets("ann").await {
        assert_eq!(ticket.get("code"), None, "a list has no codes");
    }
    let own = shop.ticket("ann", &tickets[0]).await.body;
    assert!(
        own["checked_in_at"].is_string() && !own.to_string().contains("the-admin"),
        "not who scanned: {own}"
    );
}

#[tokio::test]
async fn the_door_list_has_each_ticket_once_over_all_pages_and_parts() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 13, 2, 4).await;
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();
    let mut seats = BTreeSet::new();
    for (nth, part) in [0, 1, 12].into_iter().enumerate() {
        let own = [0, 1].map(|place| format!("{part}-1-{place}"));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        bought(&shop, &format!("c{nth}"), &showtime, &own).await;
        seats.extend(own.iter().map(|&seat| seat.to_owned()));
    }
    for limit in ["1", "2", "3", "100"] {
        let (mut found, mut cursor, mut pages) = (vec![], None::<String>, 0);
        loop {
            let route = "/admin/showtimes/{showtime_id}/tickets";
            let mut call = Call::new("GET", route)
                .path("showtime_id", &showtime)
                .by_admin()
                .query("limit", limit);
            if let Some(cursor) = &cursor {
                call = call.query("cursor", cursor);
            }
            let page = shop.call("list-showtime-tickets", call).await;
            found.extend(
                page.body["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|ticket| text(ticket, "seat")),
            );
            pages += 1;
            assert!(pages < 20, "it ends");
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(found.len(), 6, "limit {limit}: {found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), seats, "limit {limit}");
    }
}

fn base64_of(value: &Value) -> Vec<u8> {
    data_encoding::BASE64
        .decode(value.as_str().unwrap().as_bytes())
        .unwrap()
}

#[tokio::test]
async fn a_cancelled_showtime_gives_everybody_their_money_back() {
    let (shop, showtime) = selling(2, 4).await;
    let (_, annes) = bought_through(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let (_, bobs) = bought_through(&shop, "bob", &showtime, &["0-1-0", "0-1-1"]).await;
    let held = shop.hold("eve", "k", &showtime, &["0-0-2", "0-0-3"]).await;
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    assert_eq!(
        statuses(&shop, "ann").await,
        ["VALID", "VALID"],
        "the showtime is not cancelled"
    );
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    let show = shop
        .engine
        .items(SHOWS)
        .await
        .into_iter()
        .find(|item| item["showtime_id"] == json!(showtime));
    assert_eq!(show.unwrap()["event"]["detail_type"], "ShowtimeCancelled");
    shop.update_showtime_orders(&showtime).await;
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 0, "twice is once");
    assert_eq!(shop.shop.see("eve", &id_of(&held)).await.body["status"], "CANCELLED");
    for (customer, payments, amount) in [("ann", annes, 300_000), ("bob", bobs, 180_000)] {
        let orders = shop.list_orders(Call::new("GET", "/orders").by(customer)).await;
        let order = &orders.body["items"][0];
        assert_eq!(order["status"], "CANCELLED", "{order}");
        let payment = payments.payment_of(customer, &text(order, "order_id")).await;
        payments.refund("OrderCancelled", &payment).await.unwrap();
        let ledger = payments.charged();
        assert_eq!((ledger.charged, ledger.refunded), (amount, amount), "{ledger:?}");
        shop.update_tickets("OrderCancelled", order).await;
        assert_eq!(statuses(&shop, customer).await, ["VOID", "VOID"]);
    }
}

#[tokio::test]
async fn a_hold_of_a_cancelled_showtime_that_is_paid_late_gets_its_money_back_and_no_ticket() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    let payments = paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    assert!(shop.engine.items(TICKETS).await.is_empty(), "no ticket");
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    let payment = payments.payment_of("ann", &id_of(&hold)).await;
    payments.refund("OrderCancelled", &payment).await.unwrap();
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (300_000, 300_000), "{ledger:?}");
}

/// The orders whose latest event told their customers of a new start.
async fn moves(shop: &TicketsFixture) -> Vec<Value> {
    let events = shop.engine.events(TICKETS).await.into_iter();
    let moves = events.filter(|(name, _)| name == "TicketsMoved");
    moves.map(|(_, event)| event["data"].clone()).collect()
}

#[tokio::test]
async fn each_customer_of_a_moved_showtime_is_told_once_of_the_new_start_and_gives_seats_back_without_a_fee() {
    let (shop, showtime) = selling(2, 4).await;
    let anns = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let bobs = bought(&shop, "bob", &showtime, &["0-1-0", "0-1-1"]).await;
    shop.hold("eve", "k", &showtime, &["0-0-2", "0-0-3"]).await;
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.update_named_tickets().await, 0, "it was not moved");
    let later = json!({ "local_start": "2026-03-08T19:00:00" });
    assert_eq!(shop.change(&showtime, &later).await.status, 200);
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.update_named_tickets().await, 3, "each order once");
    let told = moves(&shop).await;
    let customers: BTreeSet<String> = told.iter().map(|told| text(told, "customer_id")).collect();
    assert_eq!(customers, BTreeSet::from(["ann".to_owned(), "bob".to_owned()]));
    assert_eq!(told.len(), 2, "a hold that is not paid has no tickets: {told:?}");
    for one in &told {
        assert_eq!(one["showtime_id"], json!(showtime));
        assert_eq!(one["moved_from"], "2026-03-07T10:00:00Z");
        assert_eq!(one["starts_at"], "2026-03-08T10:00:00Z");
        assert_eq!(one["free_until"], one["starts_at"]);
        assert_eq!(one["tickets"].as_array().unwrap().len(), 2);
    }
    // Four days before the show, a fee would be due.
    wait_until(&shop, "2026-03-04T03:00:00Z");
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &text(&anns, "order_id"));
    let returned = shop.cancel_order(call.by("ann").key("return").json(&json!({}))).await;
    assert_eq!(
        (returned.status, &returned.body["status"]),
        (200, &json!("CANCELLED")),
        "{returned:?}"
    );
    for line in returned.body["lines"].as_array().unwrap() {
        assert_eq!(line.get("cancellation_fee"), None, "{line}");
    }
    shop.update_tickets("OrderCancelled", &returned.body).await;

    // The messages come again, and late.
    shop.update_showtime_orders(&showtime).await;
    shop.update_showtime_orders(&showtime).await;
    shop.update_named_tickets().await;
    shop.update_tickets("OrderPaid", &bobs).await;
    let items = shop.engine.items(TICKETS).await;
    let of_bob = items
        .iter()
        .find(|item| item["order_id"] == bobs["order_id"] && item["tickets"].is_array());
    assert_eq!(of_bob.unwrap()["version"], 2, "nobody is told twice");
    let back = json!({ "local_start": "2026-03-07T19:00:00" });
    assert_eq!(shop.change(&showtime, &back).await.status, 200);
    shop.update_showtime_orders(&showtime).await;
    shop.update_named_tickets().await;
    let told = moves(&shop).await;
    assert_eq!((told.len(), &told[0]["customer_id"]), (1, &json!("bob")), "{told:?}");
    assert_eq!(told[0]["starts_at"], "2026-03-07T10:00:00Z", "each new start is told");
}

#[tokio::test]
async fn a_customer_who_held_seats_before_a_move_and_paid_after_it_is_told_of_the_new_start() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let later = json!({ "local_start": "2026-03-08T19:00:00" });
    assert_eq!(shop.change(&showtime, &later).await.status, 200);
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.update_named_tickets().await, 1);
    assert!(moves(&shop).await.is_empty(), "it is not paid");
    paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    shop.update_tickets("OrderPaid", &order).await;
    let told = moves(&shop).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["starts_at"], "2026-03-08T10:00:00Z");
    assert_eq!(told[0].get("moved_from"), None, "its tickets have the new start");
    shop.advance(SignedDuration::from_secs(3));
    bought(&shop, "bob", &showtime, &["0-1-0", "0-1-1"]).await;
    assert_eq!(moves(&shop).await.len(), 1, "who books after the move knows the start");
}

#[tokio::test]
async fn the_customer_of_a_moved_showtime_who_gave_one_seat_back_is_told_of_the_other_and_who_has_it() {
    let (shop, showtime) = selling(2, 4).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let offer = shop.offer("ann", "o", &tickets[1]).await;
    assert_eq!(shop.accept("bob", &offer).await.status, 200);
    let later = json!({ "local_start": "2026-03-08T19:00:00" });
    assert_eq!(shop.change(&showtime, &later).await.status, 200);
    let line = order["lines"][0]["line_id"].clone();
    let part = json!({ "lines": [{ "line_id": line, "quantity": 1 }] });
    cancelled_by_admin(&shop, &order, &part).await;
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.update_named_tickets().await, 1);
    let items = shop.engine.items(TICKETS).await;
    let own = items.iter().find(|item| item["tickets"].is_array()).unwrap();
    assert_eq!(own["version"], 3, "issued, voided in part, and moved: {own}");
    let told = moves(&shop).await;
    assert_eq!(told[0]["tickets"].as_array().unwrap().len(), 1, "{told:?}");
    assert_eq!(told[0]["tickets"][0]["ticket_id"], json!(tickets[1]));
    assert_eq!(told[0]["tickets"][0]["holder_id"], "bob");
}

#[tokio::test]
async fn an_order_that_is_being_paid_for_is_cancelled_when_its_payment_is_known() {
    let (shop, showtime) = selling(2, 4).await;
    let hold = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let payments = PaymentFixture::in_shop(shop.again()).await;
    payments.sandbox.plan(Provider::Toss, "confirm", Fault::NeverAnswer);
    let (id, total) = (id_of(&hold), 300_000);
    let key = payments.sandbox.toss_authenticate(&id, total, "KRW");
    let hurried = Invocation::new(shop.now(), Duration::from_secs(2));
    let unknown = payments
        .confirm_in(toss_call("ann", "pay", &id, &key, total as u64), hurried)
        .await;
    assert_eq!(payments.order_status("ann", &id).await, "PAYING", "{unknown:?}");
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 1, "it is tried again");
    let again = payments.confirm(toss_call("ann", "pay", &id, &key, total as u64)).await;
    assert_eq!(again.body["status"], "PAID", "{again:?}");
    shop.advance(SignedDuration::from_mins(3));
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    assert_eq!(payments.order_status("ann", &id).await, "CANCELLED");
}
