//! Tickets: issued for paid seats, void with them, and checked in once.

mod cancelled_showtimes;
mod check_ins;
mod codes;
mod moved_showtimes;
mod uploads;

use std::collections::BTreeSet;

use function_tests::tickets_fixture::{delete_offer_call, scan_key, text, ticket_call};
use function_tests::{PaymentFixture, TicketsFixture, id_of};
use futures::future::join_all;
use harness::engine::TICKETS;
use harness::gateway::{Answer, Call};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::aws::lambda::action::Handler;

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
