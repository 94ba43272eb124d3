//! Moved showtimes: each customer is told of the new start.

use std::collections::BTreeSet;

use function_tests::tickets_fixture::text;
use function_tests::{TicketsFixture, id_of};
use harness::engine::TICKETS;
use harness::gateway::Call;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{bought, cancelled_by_admin, ids, wait_until};
use crate::holds::{paid, selling};

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
    assert_eq!(
        moves(&shop).await.len(),
        1,
        "a customer who books after the move knows the start"
    );
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
