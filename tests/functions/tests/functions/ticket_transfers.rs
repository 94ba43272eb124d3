//! Tickets that change hands: offers, the new holder, and what the buyer can still do.

use std::collections::HashMap;

use function_tests::tickets_fixture::{accept_call, delete_offer_call, offer_call, text, ticket_call, upload_call};
use function_tests::{PaymentFixture, TicketsFixture};
use futures::future::{join, join_all};
use harness::audit::check_seats_and_tickets;
use harness::engine::{ORDERS, SEATS, TICKETS};
use harness::faults::{Fault, Hold};
use harness::gateway::{Answer, Call};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::holds::selling;
use crate::tickets::{bought, bought_through, cancelled_by_admin, code, ids, scan, stored};

/// Customers' ids as long as Cognito's, for what requests cost.
const ANN: &str = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
const BOB: &str = "2f6f0a52-8f0e-4c55-9a8d-1f5b2f1f7a10";

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// A shop where Ann has bought two seats. Returns the showtime, the order, and her tickets by seat.
async fn with_tickets() -> (TicketsFixture, String, Value, Vec<String>) {
    let (shop, showtime) = selling(4, 6).await;
    let order = bought(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    (shop, showtime, order, tickets)
}

/// The seats that each customer has by the shop's count, after a check that they have them.
async fn allowances(shop: &TicketsFixture) -> HashMap<String, i64> {
    let (orders, items) = (shop.engine.items(ORDERS).await, shop.engine.items(SEATS).await);
    check_seats_and_tickets(&orders, &items, &shop.engine.items(TICKETS).await).unwrap();
    let items = items.into_iter();
    let allowances = items.filter(|item| item["sk"] == "ALLOWANCE");
    let counted = allowances.map(|item| {
        let customer = item["pk"].as_str().unwrap().split('#').next_back().unwrap().to_owned();
        (customer, item["seats"].as_i64().unwrap())
    });
    counted.collect()
}

/// The transfers of a ticket, for administrators: giver and receiver.
async fn transfers(shop: &TicketsFixture, ticket: &str) -> Vec<(String, String)> {
    let call = Call::new("GET", "/admin/tickets/{ticket_id}/transfers").path("ticket_id", ticket);
    let answer = shop.call("list-ticket-transfers", call.by_admin()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().unwrap().iter();
    items
        .map(|one| (text(one, "giver_id"), text(one, "receiver_id")))
        .collect()
}

async fn pass_on(shop: &TicketsFixture, giver: &str, receiver: &str, ticket: &str) -> Answer {
    let key = format!("{giver}-{receiver}-{}", shop.now());
    let offer = shop.offer(giver, &key, ticket).await;
    shop.accept(receiver, &offer).await
}

async fn cancel(shop: &TicketsFixture, customer: &str, order: &Value, line: Option<usize>) -> Answer {
    let body = match line {
        Some(nth) => json!({ "lines": [{ "line_id": order["lines"][nth]["line_id"], "quantity": 1 }] }),
        None => json!({}),
    };
    let call = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &text(order, "order_id"));
    let key = format!("cancel-{line:?}");
    shop.cancel_order(call.by(customer).key(&key).json(&body)).await
}

#[tokio::test]
async fn who_accepts_an_offer_holds_the_ticket_and_the_former_code_does_not_admit() {
    let (shop, showtime, _, tickets) = with_tickets().await;
    let ticket = &tickets[0];
    let former = code(&shop, "ann", ticket).await;
    let offer = shop.offer("ann", "o", ticket).await;
    assert_eq!(offer["expires_at"], json!(shop.now() + SignedDuration::from_hours(72)));
    let own = shop.ticket("ann", ticket).await.body;
    assert_eq!(own["transfer_offer_id"], offer["transfer_offer_id"]);
    assert_eq!(
        code(&shop, "ann", ticket).await,
        former,
        "it admits until it is accepted"
    );
    let accepted = shop.accept("bob", &offer).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(
        (&accepted.body["ticket_id"], &accepted.body["seat"]),
        (&json!(ticket), &json!("0-0-0"))
    );

    assert_eq!(seen(&shop.ticket("ann", ticket).await), (404, "not-found"));
    let replace = |customer| ticket_call("/tickets/{ticket_id}/replace-code", customer, ticket).key("r");
    assert_eq!(
        seen(&shop.call("replace-ticket-code", replace("ann")).await),
        (404, "not-found")
    );
    assert_eq!(ids(&shop, "ann").await, tickets[1..]);
    assert_eq!(ids(&shop, "bob").await, tickets[..1]);
    let bobs = shop.ticket("bob", ticket).await.body;
    assert_eq!(
        (&bobs["issue"], &bobs["is_received"], &bobs["transfers"]),
        (&json!(2), &json!(true), &json!(1))
    );
    assert_eq!(bobs.get("transfer_offer_id"), None);
    let qr = ticket_call("/tickets/{ticket_id}/qr", "bob", ticket);
    assert_eq!(shop.call("get-ticket-qr", qr).await.status, 200);
    assert_eq!(shop.call("replace-ticket-code", replace("bob")).await.body["issue"], 3);

    assert_eq!(
        seen(&shop.check_in("former", &showtime, &former, "A").await),
        (409, "ticket-code-replaced")
    );
    let present = code(&shop, "bob", ticket).await;
    assert_eq!(shop.check_in("present", &showtime, &present, "A").await.status, 200);
    assert_eq!(transfers(&shop, ticket).await, [("ann".to_owned(), "bob".to_owned())]);
    assert!(transfers(&shop, &tickets[1]).await.is_empty());
}

#[tokio::test]
async fn the_event_of_a_transfer_names_both_customers_and_the_receiver_as_its_actor() {
    let (shop, showtime, order, tickets) = with_tickets().await;
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    let events = shop.engine.events(TICKETS).await;
    let transferred: Vec<&Value> = events
        .iter()
        .filter(|(name, _)| name == "TicketTransferred")
        .map(|(_, event)| event)
        .collect();
    assert_eq!(transferred.len(), 1, "{events:?}");
    let data = &transferred[0]["data"];
    assert_eq!(
        (&data["giver_id"], &data["receiver_id"]),
        (&json!("ann"), &json!("bob"))
    );
    assert_eq!(
        (&data["order_id"], &data["showtime_id"], &data["number"]),
        (&order["order_id"], &json!(showtime), &json!(1))
    );
    let actor = &transferred[0]["metadata"]["actor"];
    assert_eq!(actor, &json!({ "kind": "CUSTOMER", "id": "bob" }), "{}", transferred[0]);
    let all = format!("{:?}", shop.engine.items(TICKETS).await);
    assert!(all.contains("TRANSFER#"));
}

#[tokio::test]
async fn the_code_of_an_offer_is_stored_nowhere_and_a_retry_returns_it() {
    let (shop, _, _, tickets) = with_tickets().await;
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    let first = shop
        .call("create-transfer-offer", offer_call("ann", "o", &tickets[0]))
        .await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.header("location"), format!("/tickets/{}", tickets[0]));
    let again = shop
        .call("create-transfer-offer", offer_call("ann", "o", &tickets[0]))
        .await;
    assert_eq!((again.replayed, &again.body), (true, &first.body));
    let code = text(&first.body, "code");
    let items = format!("{:?}", shop.engine.items(TICKETS).await);
    assert!(!items.contains(&code), "{items}");
    assert_eq!(stored(&shop, &tickets[0]).await["version"], 2, "one offer");
    let other = shop.offer("ann", "p", &tickets[1]).await;
    assert_ne!(text(&other, "code"), code);
}

#[tokio::test]
async fn a_new_offer_replaces_the_former_one_and_a_deleted_one_is_not_accepted() {
    let (shop, _, _, tickets) = with_tickets().await;
    let first = shop.offer("ann", "1", &tickets[0]).await;
    let second = shop.offer("ann", "2", &tickets[0]).await;
    assert_eq!(seen(&shop.accept("bob", &first).await), (404, "not-found"));
    let delete = |customer: &str, offer: &Value| delete_offer_call(customer, offer);
    let late = shop.call("delete-transfer-offer", delete("ann", &first)).await;
    assert_eq!(
        late.body["transfer_offer_id"], second["transfer_offer_id"],
        "the replaced one has ended: {late:?}"
    );
    assert_eq!(
        seen(&shop.call("delete-transfer-offer", delete("bob", &second)).await),
        (404, "not-found")
    );
    for _ in 0..2 {
        let deleted = shop.call("delete-transfer-offer", delete("ann", &second)).await;
        assert_eq!((deleted.status, deleted.body.get("transfer_offer_id")), (200, None));
    }
    assert_eq!(seen(&shop.accept("bob", &second).await), (404, "not-found"));
    assert_eq!(ids(&shop, "ann").await, tickets);
}

#[tokio::test]
async fn a_wrong_code_tells_nothing_about_a_ticket() {
    let (shop, _, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    let mut refused = vec![];
    let mut altered = text(&offer, "code");
    let last = altered.pop().unwrap();
    altered.push(if last == 'A' { 'Q' } else { 'A' });
    let other = "018f0000-0000-8000-8000-000000000000";
    for (member, value) in [
        ("code", altered.as_str()),
        ("code", ""),
        ("code", "가"),
        ("ticket_id", other),
        ("ticket_id", &tickets[1]),
        ("transfer_offer_id", other),
        ("transfer_offer_id", "nonsense"),
    ] {
        let mut wrong = offer.clone();
        wrong[member] = json!(value);
        let answer = shop.accept("bob", &wrong).await;
        assert_eq!(seen(&answer), (404, "not-found"), "{member}: {answer:?}");
        refused.push(answer.body["detail"].clone());
    }
    refused.dedup();
    assert!(refused.len() <= 2, "one detail, and one for what is no id: {refused:?}");
    let mut lower = offer.clone();
    lower["code"] = json!(text(&offer, "code").to_lowercase());
    assert_eq!(shop.accept("bob", &lower).await.status, 200);
}

#[tokio::test]
async fn an_offer_expires_after_72_hours_and_at_the_start_of_the_show() {
    let (shop, _, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    shop.advance(SignedDuration::from_hours(72));
    assert_eq!(seen(&shop.accept("bob", &offer).await), (409, "transfer-offer-expired"));
    let start: Timestamp = "2026-03-07T10:00:00Z".parse().unwrap();
    shop.advance((start - SignedDuration::from_secs(1)).duration_since(shop.now()));
    let late = shop.offer("ann", "late", &tickets[0]).await;
    assert_eq!(late["expires_at"], json!(start));
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(seen(&shop.accept("bob", &late).await), (409, "transfer-offer-expired"));
    let after = shop
        .call("create-transfer-offer", offer_call("ann", "after", &tickets[0]))
        .await;
    assert_eq!(seen(&after), (409, "showtime-started"));
    assert_eq!(ids(&shop, "ann").await, tickets);
}

#[tokio::test]
async fn a_showtime_that_was_moved_forward_ends_offers_at_its_new_start() {
    let (shop, showtime, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    let sooner = json!({ "local_start": "2026-01-08T19:00:00", "sales_end_at": "2026-01-08T10:00:00Z" });
    let moved = shop.change(&showtime, &sooner).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    shop.advance(SignedDuration::from_hours(71));
    assert_eq!(seen(&shop.accept("bob", &offer).await), (409, "showtime-started"));
}

#[tokio::test]
async fn a_ticket_that_is_used_void_or_of_a_cancelled_show_is_not_passed_on() {
    let (shop, showtime, order, tickets) = with_tickets().await;
    let offers = [
        shop.offer("ann", "0", &tickets[0]).await,
        shop.offer("ann", "1", &tickets[1]).await,
    ];
    let own = code(&shop, "ann", &tickets[0]).await;
    assert_eq!(shop.check_in("s", &showtime, &own, "A").await.status, 200);
    assert_eq!(
        seen(&shop.accept("bob", &offers[0]).await),
        (404, "not-found"),
        "the check-in has ended it"
    );
    let used = shop
        .call("create-transfer-offer", offer_call("ann", "u", &tickets[0]))
        .await;
    assert_eq!(seen(&used), (409, "ticket-used"));
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    assert_eq!(seen(&shop.accept("bob", &offers[1]).await), (409, "show-cancelled"));
    let off = shop
        .call("create-transfer-offer", offer_call("ann", "c", &tickets[1]))
        .await;
    assert_eq!(seen(&off), (409, "show-cancelled"));
    cancelled_by_admin(&shop, &order, &json!({})).await;
    assert_eq!(seen(&shop.accept("bob", &offers[1]).await), (404, "not-found"));
    let void = shop
        .call("create-transfer-offer", offer_call("ann", "v", &tickets[1]))
        .await;
    assert_eq!(seen(&void), (409, "ticket-void"));
}

#[tokio::test]
async fn a_code_that_was_admitted_without_a_network_before_the_transfer_uses_the_ticket_up() {
    let (shop, showtime, _, tickets) = with_tickets().await;
    let former = code(&shop, "ann", &tickets[0]).await;
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    let offline = [scan("offline", &former, "B", shop.now())];
    let uploaded = shop.call("upload-scans", upload_call("u", &showtime, &offline)).await;
    assert_eq!(uploaded.body["scans"][0]["result"], "CHECKED_IN");
    let present = code(&shop, "bob", &tickets[0]).await;
    assert_eq!(
        seen(&shop.check_in("p", &showtime, &present, "A").await),
        (409, "already-checked-in")
    );
}

#[tokio::test]
async fn of_many_who_accept_one_offer_at_once_one_gets_the_ticket() {
    let (shop, _, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    let people: Vec<String> = (0..8).map(|nth| format!("c{nth}")).collect();
    let answers = join_all(people.iter().map(|person| shop.accept(person, &offer))).await;
    let accepted: Vec<&String> = people
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.status == 200)
        .map(|(person, _)| person)
        .collect();
    assert_eq!(accepted.len(), 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(seen(refused), (404, "not-found"));
    }
    let holder = accepted[0];
    assert_eq!(ids(&shop, holder).await, tickets[..1]);
    let counted: i64 = allowances(&shop).await.values().sum();
    assert_eq!(counted, 3, "two of Ann's and one of {holder}");
    assert_eq!(stored(&shop, &tickets[0]).await["issue"], 2);
}

#[tokio::test]
async fn a_retried_acceptance_whose_answer_was_lost_is_the_first_one() {
    let (shop, _, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    shop.engine.faults.plan("TransactWriteItems", Fault::LoseAnswer);
    let accepted = shop.accept("bob", &offer).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(pass_on(&shop, "bob", "eve", &tickets[0]).await.status, 200);
    let again = shop.accept("bob", &offer).await;
    assert_eq!((again.replayed, &again.body), (true, &accepted.body), "also later");
    assert_eq!(ids(&shop, "eve").await, tickets[..1]);
    let counted = allowances(&shop).await;
    assert_eq!((counted["ann"], counted["bob"], counted["eve"]), (2, 0, 1));
}

#[tokio::test]
async fn the_receiver_may_not_have_more_seats_than_a_customer_may() {
    let (shop, showtime, _, tickets) = with_tickets().await;
    bought(&shop, "bob", &showtime, &["0-1-0", "0-1-1", "0-1-2"]).await;
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    let refused = pass_on(&shop, "ann", "bob", &tickets[1]).await;
    assert_eq!(seen(&refused), (409, "too-many-seats"));
    assert_eq!((&refused.body["most"], &refused.body["seats"]), (&json!(4), &json!(4)));
    let hold = shop.hold("bob", "more", &showtime, &["0-2-0"]).await;
    assert_eq!(seen(&hold), (409, "too-many-seats"), "a received ticket counts");
    // A buyer who has passed a ticket on is counted too.
    let hold = shop.hold("ann", "more", &showtime, &["0-2-0", "0-2-1", "0-2-2"]).await;
    assert_eq!(seen(&hold), (409, "too-many-seats"));
    assert_eq!(hold.body["seats"], 2);
}

#[tokio::test]
async fn two_tickets_accepted_at_once_do_not_exceed_the_limit() {
    let (shop, showtime, _, tickets) = with_tickets().await;
    bought(&shop, "bob", &showtime, &["0-1-0", "0-1-1", "0-1-2"]).await;
    let offers = [
        shop.offer("ann", "0", &tickets[0]).await,
        shop.offer("ann", "1", &tickets[1]).await,
    ];
    let (first, second) = join(shop.accept("bob", &offers[0]), shop.accept("bob", &offers[1])).await;
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{first:?} {second:?}");
    assert_eq!(allowances(&shop).await["bob"], 4);
}

#[tokio::test]
async fn a_ticket_changes_hands_three_times_and_can_then_only_go_back() {
    let (shop, _, _, tickets) = with_tickets().await;
    let ticket = &tickets[0];
    for (giver, receiver) in [("ann", "bob"), ("bob", "cat"), ("cat", "dan")] {
        assert_eq!(pass_on(&shop, giver, receiver, ticket).await.status, 200);
    }
    let offer = shop.offer("dan", "o", ticket).await;
    assert_eq!(seen(&shop.accept("eve", &offer).await), (409, "too-many-transfers"));
    assert_eq!(seen(&shop.accept("dan", &offer).await), (409, "own-ticket"));
    assert_eq!(shop.accept("ann", &offer).await.status, 200);
    let again = shop
        .call("create-transfer-offer", offer_call("ann", "again", ticket))
        .await;
    assert_eq!(seen(&again), (409, "too-many-transfers"));
    assert_eq!(transfers(&shop, ticket).await.len(), 4);
    let own = shop.ticket("ann", ticket).await.body;
    assert_eq!((&own["is_received"], &own["issue"]), (&json!(false), &json!(5)));
    let counted = allowances(&shop).await;
    assert_eq!(
        (counted["ann"], counted["bob"], counted["cat"], counted["dan"]),
        (2, 0, 0, 0)
    );
}

#[tokio::test]
async fn the_buyer_cannot_give_back_a_seat_whose_ticket_somebody_else_holds() {
    let (shop, _, order, tickets) = with_tickets().await;
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    for line in [None, Some(0)] {
        let refused = cancel(&shop, "ann", &order, line).await;
        assert_eq!(seen(&refused), (409, "seat-transferred"), "{refused:?}");
        assert_eq!(refused.body["line_id"], order["lines"][0]["line_id"]);
    }
    let quote = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &text(&order, "order_id"));
    let quote = shop.create_cancellation_quote(quote.by("ann")).await;
    assert_eq!(seen(&quote), (409, "seat-transferred"));
    assert_eq!(
        seen(&cancel(&shop, "bob", &order, Some(0)).await),
        (404, "not-found"),
        "it is not Bob's order"
    );
    // The other seat can be given back, and this one too once the ticket is.
    let one = cancel(&shop, "ann", &order, Some(1)).await;
    assert_eq!(one.status, 200, "{one:?}");
    shop.advance(SignedDuration::from_secs(1));
    assert_eq!(pass_on(&shop, "bob", "ann", &tickets[0]).await.status, 200);
    assert_eq!(stored(&shop, &tickets[0]).await.get("buyer_id"), None);
    let quote = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &text(&order, "order_id"));
    let quote = shop.create_cancellation_quote(quote.by("ann")).await;
    assert_ne!(quote.problem(), "seat-transferred", "{quote:?}");
    assert_eq!(allowances(&shop).await["ann"], 1);
}

#[tokio::test]
async fn the_buyer_does_not_learn_whether_the_holder_has_come() {
    let (shop, showtime, order, tickets) = with_tickets().await;
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    let code = code(&shop, "bob", &tickets[0]).await;
    assert_eq!(shop.check_in("scan", &showtime, &code, "A").await.status, 200);
    let quote = Call::new("POST", "/orders/{order_id}/cancellation-quotes").path("order_id", &text(&order, "order_id"));
    let quote = shop.create_cancellation_quote(quote.by("ann")).await;
    assert_eq!(seen(&quote), (409, "seat-transferred"));
    assert_eq!(
        seen(&cancel(&shop, "ann", &order, None).await),
        (409, "seat-transferred")
    );
}

#[tokio::test]
async fn a_list_that_was_read_before_a_transfer_does_not_show_the_receivers_ticket() {
    let (shop, _, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    // Between the index and the tickets that it names.
    let hold = Hold::default();
    shop.engine.faults.plan("BatchGetItem", Fault::Held(hold.clone()));
    let accept = async {
        hold.arrived().await;
        let answer = shop.accept("bob", &offer).await;
        hold.release();
        answer
    };
    let (listed, accepted) = join(ids(&shop, "ann"), accept).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(listed, tickets[1..]);
}

#[tokio::test]
async fn the_holder_of_a_ticket_that_becomes_void_is_named_by_its_event() {
    let (shop, _, order, tickets) = with_tickets().await;
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    let cancelled = cancelled_by_admin(&shop, &order, &json!({})).await;
    shop.update_tickets("OrderCancelled", &cancelled).await;
    let events = shop.engine.events(TICKETS).await;
    let (_, voided) = events.iter().find(|(name, _)| name == "TicketsVoided").unwrap();
    let named: Vec<&Value> = voided["data"]["tickets"].as_array().unwrap().iter().collect();
    assert_eq!(named.len(), 2, "{voided}");
    for ticket in named {
        let expected = (ticket["ticket_id"] == json!(tickets[0])).then_some("bob");
        assert_eq!(ticket.get("holder_id").and_then(Value::as_str), expected, "{voided}");
    }
}

/// Holds the transaction of `first` while `second` runs.
async fn overtaken(
    shop: &TicketsFixture,
    first: impl Future<Output = Answer>,
    second: impl Future<Output = Answer>,
) -> (Answer, Answer) {
    let hold = Hold::default();
    shop.engine.faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let second = async {
        hold.arrived().await;
        let answer = second.await;
        hold.release();
        answer
    };
    join(first, second).await
}

#[tokio::test]
async fn a_ticket_that_is_accepted_while_the_buyer_gives_its_seat_back_is_kept_or_void() {
    for accepts_first in [true, false] {
        let (shop, _, order, tickets) = with_tickets().await;
        let offer = shop.offer("ann", "o", &tickets[0]).await;
        let accept = shop.accept("bob", &offer);
        let give_back = cancel(&shop, "ann", &order, Some(0));
        if accepts_first {
            let (given_back, accepted) = overtaken(&shop, give_back, accept).await;
            assert_eq!(accepted.status, 200, "{accepted:?}");
            assert_eq!(seen(&given_back), (409, "seat-transferred"));
            assert_eq!(stored(&shop, &tickets[0]).await["status"], "VALID");
            assert_eq!(
                allowances(&shop).await,
                HashMap::from([("ann".into(), 2), ("bob".into(), 1)])
            );
        } else {
            let (accepted, given_back) = overtaken(&shop, accept, give_back).await;
            assert_eq!(given_back.status, 200, "{given_back:?}");
            assert_eq!(seen(&accepted), (404, "not-found"));
            assert_eq!(stored(&shop, &tickets[0]).await["status"], "VOID");
            assert_eq!(allowances(&shop).await["ann"], 1);
        }
    }
}

#[tokio::test]
async fn a_ticket_that_is_accepted_while_its_giver_checks_in_has_one_of_both() {
    let (shop, showtime, _, tickets) = with_tickets().await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    let own = code(&shop, "ann", &tickets[0]).await;
    let (accepted, admitted) = overtaken(
        &shop,
        shop.accept("bob", &offer),
        shop.check_in("s", &showtime, &own, "A"),
    )
    .await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    assert_eq!(seen(&accepted), (404, "not-found"));
    assert_eq!(ids(&shop, "ann").await, tickets);

    let offer = shop.offer("ann", "p", &tickets[1]).await;
    let own = code(&shop, "ann", &tickets[1]).await;
    let hold = Hold::default();
    shop.engine.faults.plan("UpdateItem", Fault::Held(hold.clone()));
    let accept = async {
        hold.arrived().await;
        let accepted = shop.accept("bob", &offer).await;
        hold.release();
        accepted
    };
    let (admitted, accepted) = join(shop.check_in("t", &showtime, &own, "A"), accept).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert_eq!(seen(&admitted), (409, "ticket-code-replaced"));
}

#[tokio::test]
async fn a_ticket_that_is_accepted_while_its_showtime_is_cancelled_refunds_the_buyer() {
    let (shop, showtime) = selling(2, 4).await;
    let (order, payments): (Value, PaymentFixture) = bought_through(&shop, "ann", &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, "ann").await;
    let offer = shop.offer("ann", "o", &tickets[0]).await;
    let off = json!({ "status": "CANCELLED" });
    let (accepted, cancelled) = overtaken(&shop, shop.accept("bob", &offer), shop.change(&showtime, &off)).await;
    assert_eq!(
        (accepted.status, cancelled.status),
        (200, 200),
        "{accepted:?} {cancelled:?}"
    );
    shop.update_showtime_orders(&showtime).await;
    assert_eq!(shop.cancel_unservable_orders().await, 0);
    let payment = payments.payment_of("ann", &text(&order, "order_id")).await;
    payments.refund("OrderCancelled", &payment).await.unwrap();
    let ledger = payments.charged();
    assert_eq!((ledger.charged, ledger.refunded), (300_000, 300_000), "{ledger:?}");
    let item = stored(&shop, &tickets[0]).await;
    assert_eq!((&item["status"], &item["holder_id"]), (&json!("VOID"), &json!("bob")));
    assert_eq!(
        allowances(&shop).await,
        HashMap::from([("ann".into(), 0), ("bob".into(), 0)])
    );
}

#[tokio::test]
async fn the_buyer_can_give_back_seats_of_a_cancelled_show_whoever_holds_their_tickets() {
    let (shop, showtime, order, tickets) = with_tickets().await;
    for ticket in &tickets {
        assert_eq!(pass_on(&shop, "ann", "bob", ticket).await.status, 200);
        shop.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(
        allowances(&shop).await,
        HashMap::from([("ann".into(), 2), ("bob".into(), 2)])
    );
    assert_eq!(
        shop.change(&showtime, &json!({ "status": "CANCELLED" })).await.status,
        200
    );
    let cancelled = cancel(&shop, "ann", &order, None).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (200, &json!("CANCELLED")),
        "{cancelled:?}"
    );
    assert_eq!(
        allowances(&shop).await,
        HashMap::from([("ann".into(), 0), ("bob".into(), 0)])
    );
}

#[tokio::test]
async fn a_holder_of_a_ticket_with_twenty_codes_can_still_pass_it_on_and_its_receiver_replace_them() {
    let (shop, _, _, tickets) = with_tickets().await;
    for nth in 2..=20 {
        let replace = ticket_call("/tickets/{ticket_id}/replace-code", "ann", &tickets[0]).key(&format!("r{nth}"));
        assert_eq!(shop.call("replace-ticket-code", replace).await.status, 200);
    }
    assert_eq!(pass_on(&shop, "ann", "bob", &tickets[0]).await.status, 200);
    let replace = ticket_call("/tickets/{ticket_id}/replace-code", "bob", &tickets[0]).key("r");
    assert_eq!(shop.call("replace-ticket-code", replace).await.body["issue"], 22);
}

#[tokio::test]
async fn an_acceptance_takes_three_requests_and_a_scan_of_a_passed_on_ticket_one_write_unit() {
    let (shop, showtime) = selling(2, 4).await;
    bought(&shop, ANN, &showtime, &["0-0-0", "0-0-1"]).await;
    let tickets = ids(&shop, ANN).await;
    shop.engine.faults.measure();
    let offer = shop.offer(ANN, "o", &tickets[0]).await;
    let cost = shop.engine.faults.cost();
    println!("an offer: {cost:?}");
    assert!(cost.write_units <= 4.0 && cost.read_units <= 3.0, "{cost:?}");
    shop.engine.faults.measure();
    assert_eq!(
        shop.call("accept-transfer-offer", accept_call(BOB, "k", &offer))
            .await
            .status,
        200
    );
    let cost = shop.engine.faults.cost();
    println!("an acceptance: {cost:?}");
    assert_eq!(
        cost.requests,
        HashMap::from([("BatchGetItem".to_owned(), 2), ("TransactWriteItems".to_owned(), 1)])
    );
    assert!(cost.write_units <= 10.0 && cost.read_units <= 8.5, "{cost:?}");
    let own = code(&shop, BOB, &tickets[0]).await;
    // An open offer too.
    shop.offer(BOB, "o", &tickets[0]).await;
    shop.engine.faults.measure();
    let admitted = shop.check_in("s", &showtime, &own, &"게".repeat(40)).await;
    let cost = shop.engine.faults.cost();
    assert_eq!(admitted.status, 200, "{admitted:?}");
    // A function that has just started reads the showtime.
    assert_eq!(
        cost.requests,
        HashMap::from([("GetItem".to_owned(), 1), ("UpdateItem".to_owned(), 1)])
    );
    assert!(cost.write_units <= 1.0, "{cost:?}");
}
