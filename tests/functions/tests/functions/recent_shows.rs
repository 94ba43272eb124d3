//! Holds of seats by a function that remembers the showtime for a second.

use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{hold_call, text};
use harness::gateway::Answer;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::aws::lambda::action::Handler;

/// Longer than a function remembers a showtime.
const LATER: SignedDuration = SignedDuration::from_secs(2);

/// A published showtime of 2 × 12 seats, and a function that has not read it yet.
async fn published() -> (TicketsFixture, String, Handler) {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 12).await;
    let showtime = shop.on_sale(&hall).await;
    let function = shop.handler("hold-seats");
    (shop, showtime, function)
}

/// A customer, named like the seats, asks the function for them.
async fn hold(shop: &TicketsFixture, function: &Handler, showtime: &str, body: &Value) -> Answer {
    let customer = body["seats"][0].as_str().unwrap();
    shop.call_with(function, hold_call(customer, "k", showtime, body)).await
}

fn total(order: &Answer) -> &Value {
    &order.body["totals"]["total"]["amount"]
}

#[tokio::test]
async fn a_closed_showtime_is_sold_for_at_most_a_second_longer() {
    let (shop, showtime, function) = published().await;
    shop.open_sale();
    let hold = |seat: &str| {
        let body = json!({ "seats": [seat] });
        let (shop, showtime, function) = (&shop, &showtime, &function);
        async move { hold(shop, function, showtime, &body).await }
    };
    assert_eq!(hold("0-0-0").await.status, 201);
    shop.change(&showtime, &json!({ "status": "CLOSED" })).await;
    assert_eq!(hold("0-1-0").await.status, 201, "the function has read it a moment ago");
    shop.advance(LATER);
    assert_eq!(hold("0-0-11").await.problem(), "not-on-sale");
}

#[tokio::test]
async fn nobody_is_refused_because_of_a_showtime_that_has_changed_since_it_was_read() {
    let (shop, showtime, function) = published().await;
    shop.open_sale();
    shop.change(&showtime, &json!({ "status": "CLOSED" })).await;
    let first = json!({ "seats": ["0-0-0"] });
    assert_eq!(hold(&shop, &function, &showtime, &first).await.problem(), "not-on-sale");
    shop.change(&showtime, &json!({ "status": "ON_SALE" })).await;
    let order = hold(&shop, &function, &showtime, &first).await;
    assert_eq!((order.status, total(&order)), (201, &json!(150_000)), "{order:?}");

    let dearer = json!([
        { "class": "VIP", "price": { "amount": 160_000, "currency": "KRW" }, "zones": ["front"] },
        { "class": "R", "price": { "amount": 90_000, "currency": "KRW" }, "zones": ["back"] },
    ]);
    assert_eq!(shop.change(&showtime, &json!({ "prices": dearer })).await.status, 200);
    let expected = |won: u64| json!({ "amount": won, "currency": "KRW" });
    let shown_new = json!({ "seats": ["0-0-11"], "expected_total": expected(160_000) });
    let order = hold(&shop, &function, &showtime, &shown_new).await;
    assert_eq!((order.status, total(&order)), (201, &json!(160_000)), "{order:?}");
    let shown_old = json!({ "seats": ["0-0-1"], "expected_total": expected(150_000) });
    let refused = hold(&shop, &function, &showtime, &shown_old).await;
    assert_eq!(refused.problem(), "total-differs");
}

#[tokio::test]
async fn many_who_come_before_the_sale_do_not_read_the_showtime_each() {
    let (shop, showtime, function) = published().await;
    let early = |seat: &str| json!({ "seats": [seat] });
    assert_eq!(
        hold(&shop, &function, &showtime, &early("0-0-0")).await.problem(),
        "not-on-sale"
    );
    shop.engine.faults.measure();
    let refused = hold(&shop, &function, &showtime, &early("0-1-0")).await;
    assert_eq!(refused.problem(), "not-on-sale");
    assert_eq!(text(&refused.body, "sales_start_at"), "2026-01-05T01:00:00Z");
    let cost = shop.engine.faults.cost();
    assert_eq!(cost.requests.values().sum::<u32>(), 1, "{cost:?}");
    assert!(cost.read_units <= 3.0, "the order, the customer and the row: {cost:?}");
}

#[tokio::test]
async fn in_a_crowd_a_seat_that_is_taken_is_refused_before_what_the_customer_holds_is_read() {
    let (shop, showtime, function) = published().await;
    shop.open_sale();
    let ask = async |customer: &str, seat: &str| {
        shop.engine.faults.measure();
        let call = hold_call(customer, "k", &showtime, &json!({ "seats": [seat] }));
        (shop.call_with(&function, call).await, shop.engine.faults.cost())
    };
    let names = |of: &[&str]| of.iter().map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(ask("ann", "0-0-0").await.0.status, 201);
    let (refused, calm) = ask("bob", "0-0-0").await;
    assert_eq!(refused.problem(), "seats-taken");
    let (refused, crowded) = ask("cid", "0-0-0").await;
    assert_eq!(refused.problem(), "seats-taken");
    assert_eq!(crowded.requests, names(&["BatchGetItem"]));
    assert!(crowded.read_units < calm.read_units, "{crowded:?} {calm:?}");

    let (held, cost) = ask("dan", "0-1-0").await;
    assert_eq!(held.status, 201, "{held:?}");
    assert_eq!(
        cost.requests,
        names(&["BatchGetItem", "GetItem", "TransactWriteItems"]),
        "what dan holds is read once the seat is known to be free"
    );
    assert!(ask("dan", "0-1-0").await.0.replayed, "a retry is the first request");
    for seats in [["0-1-11", "0-1-10"], ["0-1-0", "0-1-1"]] {
        let call = hold_call("dan", "another", &showtime, &json!({ "seats": seats }));
        let second_tab = shop.call_with(&function, call).await;
        assert_eq!(second_tab.problem(), "hold-exists", "the own seats are not taken");
        assert_eq!(second_tab.body["order_id"], held.body["order_id"]);
    }

    shop.advance(LATER);
    assert_eq!(ask("eve", "0-0-11").await.0.status, 201);
    let (held, cost) = ask("fay", "0-1-11").await;
    assert_eq!(held.status, 201, "{held:?}");
    assert_eq!(
        cost.requests,
        names(&["BatchGetItem", "TransactWriteItems"]),
        "nobody was refused of late"
    );
}

#[tokio::test]
async fn in_a_crowd_a_seat_is_taken_until_its_hold_ends_and_then_free() {
    let (shop, showtime, function) = published().await;
    shop.open_sale();
    let seats = |seats: &[&str]| json!({ "seats": seats });
    let ask = async |customer: &str, body: &Value| {
        let call = hold_call(customer, "k", &showtime, body);
        shop.call_with(&function, call).await
    };
    assert_eq!(ask("ann", &seats(&["0-0-0"])).await.status, 201);
    shop.advance(SignedDuration::from_mins(8) - SignedDuration::from_millis(1));
    for customer in ["bob", "cid"] {
        assert_eq!(ask(customer, &seats(&["0-0-0"])).await.problem(), "seats-taken");
    }
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(ask("dan", &seats(&["0-7-0"])).await.problem(), "unknown-seats");
    let held = ask("eve", &seats(&["0-0-0"])).await;
    assert_eq!(held.status, 201, "{held:?}");
}
