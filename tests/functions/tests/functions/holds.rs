//! Holds of seats: orders that wait for payment and have seats of a showtime.

mod limits;
mod payments;
mod swaps;

use SeatState::{Free, Held};
use function_tests::payment_fixture::toss_call;
use function_tests::tickets_fixture::{Hall, create, hold_call, performance, text};
use function_tests::{PaymentFixture, TicketsFixture, id_of};
use futures::future::join_all;
use harness::audit::check_seats;
use harness::engine::{ORDERS, SEATS};
use harness::gateway::Answer;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::tickets::{SeatMap, SeatState};

/// How long seats are held, as the platform's `HOLD_MINUTES` says.
const HOLD: SignedDuration = SignedDuration::from_mins(8);

/// A showtime on sale with one section of `rows` × `seats`: the first half is VIP (150,000 won), the rest R (90,000 won).
pub(crate) async fn selling(rows: usize, seats: usize) -> (TicketsFixture, String) {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, rows, seats).await;
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();
    (shop, showtime)
}

pub(crate) async fn states(shop: &TicketsFixture, showtime: &str) -> Vec<SeatState> {
    let map = shop.seat_map(showtime).await;
    assert_eq!(map.status, 200, "{map:?}");
    let seats = map.body["seats"].as_u64().unwrap() as usize;
    let map = SeatMap::parse(seats, map.body["states"].as_str().unwrap()).unwrap();
    (0..seats).map(|number| map.state(number).unwrap()).collect()
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// The seats of an order's lines.
fn seats_of(order: &Answer) -> Vec<String> {
    let lines = order.body["lines"].as_array().unwrap().iter();
    lines.map(|line| text(&line["seat"], "seat")).collect()
}

/// What each row says of its seats, by row and place: the id of an order, or nothing.
pub(crate) async fn named(shop: &TicketsFixture) -> Vec<(String, String, bool)> {
    let mut named = vec![];
    for item in shop.engine.items(SEATS).await {
        for (place, seat) in item["h"].as_object().into_iter().flatten() {
            let place = format!("{} {place}", item["sk"].as_str().unwrap());
            let taken = seat.as_str().unwrap_or_default();
            let (order, deadline) = taken.split_at_checked(32).unwrap_or_default();
            named.push((place, order.to_owned(), !deadline.is_empty()));
        }
    }
    named.sort();
    check_seats(&shop.engine.items(ORDERS).await, &shop.engine.items(SEATS).await).unwrap();
    named
}

async fn seats_held(shop: &TicketsFixture, customer: &str) -> Value {
    let items = shop.engine.items(SEATS).await;
    let mut own = items.into_iter().filter(|item| item["sk"] == "ALLOWANCE");
    let own = own.find(|item| item["pk"].as_str().unwrap().ends_with(&format!("#CUSTOMER#{customer}")));
    own.map_or(json!(null), |item| item["seats"].clone())
}

pub(crate) async fn paid(shop: &TicketsFixture, customer: &str, order: &Answer) -> PaymentFixture {
    let payments = PaymentFixture::in_shop(shop.again()).await;
    let (id, total) = (id_of(order), order.body["totals"]["total"]["amount"].as_u64().unwrap());
    let key = payments.sandbox.toss_authenticate(&id, total as i64, "KRW");
    let answer = payments
        .confirm(toss_call(customer, &format!("pay-{id}"), &id, &key, total))
        .await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("PAID")),
        "{answer:?}"
    );
    payments
}

#[tokio::test]
async fn a_hold_is_an_order_that_waits_for_payment() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(order.header("location"), format!("/orders/{}", id_of(&order)));
    assert_eq!(order.body["status"], "PENDING_PAYMENT");
    assert_eq!(order.body["expires_at"], json!(shop.now() + HOLD));
    assert_eq!(
        order.body["totals"]["total"],
        json!({ "amount": 300_000, "currency": "KRW" })
    );
    let line = &order.body["lines"][1];
    let seat = json!({ "showtime_id": showtime, "seat": "0-0-1", "class": "VIP" });
    assert_eq!((&line["kind"], &line["seat"]), (&json!("SEAT"), &seat));
    assert_eq!(
        (&line["name"], line.get("sku")),
        (&json!("The Nutcracker, 2026-03-07 19:00, VIP 0-0-1"), None)
    );
    assert_eq!(states(&shop, &showtime).await[..4], [Held, Held, Free, Free]);
    assert_eq!(shop.shop.see("ann", &id_of(&order)).await.body, order.body);
    assert_eq!(shop.shop.see("bob", &id_of(&order)).await.status, 404);
}

#[tokio::test]
async fn a_retried_hold_is_the_first_one_even_if_it_would_be_refused_now() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    shop.change(&showtime, &json!({ "status": "CLOSED" })).await;
    let again = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!((again.status, again.replayed), (201, true), "{again:?}");
    assert_eq!(again.body, order.body);
    let other = shop.hold("ann", "k", &showtime, &["0-1-0", "0-1-1"]).await;
    assert_eq!(seen(&other), (422, "idempotency-key-reused"));
    let best = shop.hold_best("bob", "b", &showtime, "R", 2).await;
    assert_eq!(seen(&best), (409, "not-on-sale"));
    shop.change(&showtime, &json!({ "status": "ON_SALE" })).await;
    let best = shop.hold_best("bob", "b", &showtime, "R", 2).await;
    assert_eq!(best.status, 201, "{best:?}");
    assert_eq!(shop.hold_best("eve", "e", &showtime, "R", 2).await.status, 201);
    let again = shop.hold_best("bob", "b", &showtime, "R", 2).await;
    assert_eq!(
        (again.replayed, &again.body),
        (true, &best.body),
        "no seat is left, and it is found"
    );
    assert_eq!(named(&shop).await.len(), 6);
}

#[tokio::test]
async fn of_thirty_customers_one_gets_the_seat() {
    let (shop, showtime) = selling(2, 4).await;
    let function = shop.handler("hold-seats");
    let calls = (0..30).map(|nth| {
        let body = json!({ "seats": ["0-0-0"] });
        shop.call_with(&function, hold_call(&format!("c{nth}"), "k", &showtime, &body))
    });
    let answers = join_all(calls).await;
    let held = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(held, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(seen(answer), (409, "seats-taken"), "{answer:?}");
        assert_eq!(answer.body["seats"], json!([{ "seat": "0-0-0", "state": "HELD" }]));
    }
    assert_eq!(named(&shop).await.len(), 1);
}

#[tokio::test]
async fn of_two_customers_who_take_the_seats_of_an_expired_hold_at_once_nobody_is_told_that_a_free_one_is_taken() {
    for _ in 0..8 {
        let (shop, showtime) = selling(2, 4).await;
        shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1", "0-0-2", "0-0-3"])
            .await;
        shop.advance(HOLD);
        let (bob, cy, expiry) = tokio::join!(
            shop.hold("bob", "k", &showtime, &["0-0-0", "0-0-1"]),
            shop.hold("cy", "k", &showtime, &["0-0-2", "0-0-3"]),
            shop.expire_orders(),
        );
        expiry.unwrap();
        assert_eq!((bob.status, cy.status), (201, 201), "{bob:?} {cy:?}");
        assert_eq!(named(&shop).await.len(), 4);
    }
}

#[tokio::test]
async fn a_hold_that_another_request_ends_was_ended_by_the_function() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    shop.advance(HOLD);
    assert_eq!(shop.hold("bob", "k", &showtime, &["0-0-0", "0-0-1"]).await.status, 201);
    let events = shop.engine.events(ORDERS).await;
    let (_, expired) = events.iter().find(|(kind, _)| kind == "OrderExpired").unwrap();
    assert_eq!(expired["data"]["order_id"], order.body["order_id"]);
    assert_eq!(
        expired["metadata"]["actor"],
        json!({ "kind": "FUNCTION", "id": "hold-seats" })
    );
}

#[tokio::test]
async fn thirty_customers_who_ask_for_the_best_seats_of_one_section_at_once_all_get_some() {
    let (shop, showtime) = selling(10, 16).await;
    let function = shop.handler("hold-seats");
    let calls = (0..30).map(|nth| {
        let body = json!({ "best": { "class": "VIP", "count": 2 } });
        shop.call_with(&function, hold_call(&format!("c{nth}"), "k", &showtime, &body))
    });
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    assert_eq!(named(&shop).await.len(), 60);
}

#[tokio::test]
async fn a_second_tab_is_told_of_the_own_hold_and_not_that_the_seats_are_taken() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "1", &showtime, &["0-0-0", "0-0-1"]).await;
    let same = shop.hold("ann", "2", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(
        (seen(&same), &same.body["order_id"]),
        ((409, "hold-exists"), &order.body["order_id"])
    );
    let best = shop.hold_best("ann", "3", &showtime, "VIP", 2).await;
    assert_eq!(seen(&best), (409, "hold-exists"), "{best:?}");
}

#[tokio::test]
async fn two_requests_of_a_customer_at_once_hold_one_set_of_seats() {
    let (shop, showtime) = selling(2, 6).await;
    let (one, other) = tokio::join!(
        shop.hold("ann", "a", &showtime, &["0-0-0", "0-0-1"]),
        shop.hold("ann", "b", &showtime, &["0-0-2", "0-0-3"]),
    );
    let mut outcomes = [one.status, other.status];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [201, 409], "{one:?} {other:?}");
    let refused = if one.status == 409 { &one } else { &other };
    assert_eq!(refused.problem(), "hold-exists");
    assert_eq!(named(&shop).await.len(), 2);
    assert_eq!(seats_held(&shop, "ann").await, 2);
}

#[tokio::test]
async fn at_its_deadline_a_seat_is_anothers_to_take_and_not_before() {
    let (shop, showtime) = selling(2, 4).await;
    let first = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    shop.advance(HOLD - SignedDuration::from_millis(1));
    assert_eq!(
        seen(&shop.hold("bob", "1", &showtime, &["0-0-0"]).await),
        (409, "seats-taken")
    );
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(states(&shop, &showtime).await[..2], [Free, Free]);
    let second = shop.hold("bob", "2", &showtime, &["0-0-0"]).await;
    assert_eq!(second.status, 201, "{second:?}");
    let stored = shop.engine.items(ORDERS).await;
    let expired = stored
        .iter()
        .find(|item| item["order_id"] == first.body["order_id"])
        .unwrap();
    assert_eq!(expired["status"], "EXPIRED", "the second hold has ended the first");
    assert_eq!(named(&shop).await.len(), 1, "the other seat of the first is free too");
    assert_eq!(
        (seats_held(&shop, "ann").await, seats_held(&shop, "bob").await),
        (json!(0), json!(1))
    );
    assert_eq!(shop.expire_orders().await.unwrap().processed, 0);
}

#[tokio::test]
async fn an_expired_hold_does_not_keep_an_administrator_from_blocking_its_seat() {
    let (shop, showtime) = selling(2, 4).await;
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    let block = |key: &'static str| shop.change_seats("block-seats", &showtime, key, &["0-0-1"]);
    assert_eq!(seen(&block("early").await), (409, "seats-not-free"));
    shop.advance(HOLD);
    assert_eq!(block("late").await.status, 200);
    assert_eq!(shop.shop.see("ann", &id_of(&order)).await.body["status"], "EXPIRED");
    let refused = shop.hold("bob", "k", &showtime, &["0-0-1"]).await;
    assert_eq!(refused.body["seats"], json!([{ "seat": "0-0-1", "state": "BLOCKED" }]));
}

#[tokio::test]
async fn the_best_seats_are_side_by_side_and_spread_over_the_front_rows() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 6, 2, 8).await;
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();
    let function = shop.handler("hold-seats");
    // Of the eight seats of a front row, two are accessible ones.
    for (count, customers) in [(4, 6), (2, 6)] {
        let calls = (0..customers).map(|nth| {
            let body = json!({ "best": { "class": "VIP", "count": count } });
            shop.call_with(&function, hold_call(&format!("c{count}-{nth}"), "k", &showtime, &body))
        });
        for answer in join_all(calls).await {
            assert_eq!(answer.status, 201, "{answer:?}");
            let seats = seats_of(&answer);
            let places: Vec<u8> = seats
                .iter()
                .map(|seat| seat.rsplit('-').next().unwrap().parse().unwrap())
                .collect();
            assert!(places.windows(2).all(|two| two[0] + 1 == two[1]), "{seats:?}");
        }
    }
    assert_eq!(named(&shop).await.len(), 36, "all others of the class, none twice");
    let refused = shop.hold_best("late", "k", &showtime, "VIP", 1).await;
    assert_eq!(
        (seen(&refused), &refused.body["together"]),
        ((409, "no-seats-together"), &json!(0))
    );
    let others = (1..6).flat_map(|section| (0..8).map(move |place| format!("{section}-1-{place}")));
    let blocked: Vec<String> = others.chain(["0-1-1".to_owned(), "0-1-5".to_owned()]).collect();
    let blocked: Vec<&str> = blocked.iter().map(String::as_str).collect();
    shop.change_seats("block-seats", &showtime, "b", &blocked).await;
    let wide = shop.hold_best("late", "w", &showtime, "R", 3).await;
    assert_eq!(
        (seen(&wide), &wide.body["together"]),
        ((409, "no-seats-together"), &json!(2))
    );
    let unknown = shop.hold_best("late", "u", &showtime, "S", 1).await;
    assert_eq!(seen(&unknown), (422, "invalid-hold"));
}

#[tokio::test]
async fn a_hold_that_breaks_a_rule_takes_nothing() {
    let (shop, showtime) = selling(2, 8).await;
    for (seats, problem) in [
        (json!({ "seats": ["0-0-8"] }), (422, "unknown-seats")),
        (json!({ "seats": ["7-0-0"] }), (422, "unknown-seats")),
        (json!({ "seats": ["0-0-0", "0-0-0"] }), (422, "invalid-hold")),
        (json!({ "seats": [] }), (422, "invalid-hold")),
        (json!({}), (422, "invalid-hold")),
        (json!({ "seats": ["0-0-1"] }), (409, "single-seat-left")),
        (
            json!({ "seats": ["0-0-0"], "expected_total": { "amount": 1, "currency": "KRW" } }),
            (409, "total-differs"),
        ),
    ] {
        let answer = shop.call("hold-seats", hold_call("ann", "k", &showtime, &seats)).await;
        assert_eq!(seen(&answer), problem, "{seats} {answer:?}");
    }
    let none = "00000000-0000-0000-0000-000000000000";
    assert_eq!(seen(&shop.hold("ann", "k", none, &["0-0-0"]).await), (404, "not-found"));
    let single = shop.hold("ann", "k", &showtime, &["0-0-1"]).await;
    assert_eq!(single.body["seats"], json!(["0-0-0"]));
    assert!(named(&shop).await.is_empty());
    assert_eq!(seats_held(&shop, "ann").await, json!(null));
    assert!(shop.engine.items(ORDERS).await.is_empty());
}

#[tokio::test]
async fn seats_are_sold_between_the_start_and_the_end_of_sales_while_the_showtime_is_open() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let draft = shop.showtime(&hall).await;
    assert_eq!(
        seen(&shop.hold("ann", "k", &draft, &["0-0-0"]).await),
        (404, "not-found")
    );
    let showtime = shop.on_sale(&hall).await;
    let early = shop.hold("ann", "k", &showtime, &["0-0-0"]).await;
    assert_eq!(
        (seen(&early), &early.body["showtime_status"]),
        ((409, "not-on-sale"), &json!("ON_SALE"))
    );
    assert_eq!(early.body["sales_start_at"], "2026-01-05T01:00:00Z");
    shop.open_sale();
    shop.change(&showtime, &json!({ "status": "CLOSED" })).await;
    assert_eq!(
        seen(&shop.hold("ann", "k", &showtime, &["0-0-0"]).await),
        (409, "not-on-sale")
    );
    shop.change(&showtime, &json!({ "status": "ON_SALE" })).await;
    assert_eq!(shop.hold("ann", "k", &showtime, &["0-0-0"]).await.status, 201);
    // Five minutes before the start a hold lasts five minutes.
    let start: jiff::Timestamp = "2026-03-07T10:00:00Z".parse().unwrap();
    shop.advance(start.duration_since(shop.now()) - SignedDuration::from_mins(5));
    let last = shop.hold("bob", "k", &showtime, &["0-1-0"]).await;
    assert_eq!(last.body["expires_at"], "2026-03-07T10:00:00Z", "{last:?}");
    shop.advance(SignedDuration::from_secs(4 * 60 + 1));
    assert_eq!(
        seen(&shop.hold("eve", "k", &showtime, &["0-1-2"]).await),
        (409, "not-on-sale")
    );
}

#[tokio::test]
async fn seats_of_a_cancelled_showtime_are_refused_with_its_status() {
    let (shop, showtime) = selling(2, 4).await;
    let cancelled = shop.change(&showtime, &json!({ "status": "CANCELLED" })).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    for body in [
        json!({ "seats": ["0-0-0"] }),
        json!({ "best": { "class": "R", "count": 2 } }),
    ] {
        let refused = shop.call("hold-seats", hold_call("ann", "k", &showtime, &body)).await;
        assert_eq!(
            (seen(&refused), &refused.body["showtime_status"]),
            ((409, "not-on-sale"), &json!("CANCELLED")),
            "{body}"
        );
    }
    assert!(named(&shop).await.is_empty());
}

#[tokio::test]
async fn a_hold_of_four_seats_takes_two_requests_and_a_refusal_writes_nothing() {
    let (shop, showtime) = selling(2, 8).await;
    let function = shop.handler("hold-seats");
    let customer = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
    let hold = |customer: &str, seats: &[&str]| hold_call(customer, "k", &showtime, &json!({ "seats": seats }));
    // The function learns the showtime's performance.
    shop.call_with(&function, hold("eve", &["0-1-0"])).await;
    shop.engine.faults.measure();
    let seats = ["0-0-0", "0-0-1", "0-0-2", "0-0-3"];
    assert_eq!(shop.call_with(&function, hold(customer, &seats)).await.status, 201);
    let cost = shop.engine.faults.cost();
    let requests = |cost: &harness::faults::Cost| cost.requests.values().sum::<u32>();
    println!(
        "a hold of four seats: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert_eq!(requests(&cost), 2, "{cost:?}");
    assert!(cost.write_units <= 14.0, "{cost:?}");
    shop.engine.faults.measure();
    assert!(shop.call_with(&function, hold(customer, &seats)).await.replayed);
    assert_eq!(requests(&shop.engine.faults.cost()), 1);
    shop.engine.faults.measure();
    assert_eq!(
        shop.call_with(&function, hold("bob", &["0-0-3", "0-0-4"])).await.status,
        409
    );
    let cost = shop.engine.faults.cost();
    assert_eq!((requests(&cost), cost.write_units), (1, 0.0), "{cost:?}");
}

#[tokio::test]
async fn tickets_are_taxed_as_their_performance_and_their_venue_say() {
    let korea = json!({ "country": "KR" });
    let (prices, unnamed) = (150_000, serde_json::Value::Null);
    for (nth, (location, class, rate, included)) in [
        (&unnamed, "STANDARD", Some("10"), 13_636),
        (&korea, "STANDARD", Some("10"), 13_636),
        (&korea, "EXEMPT", None, 0),
        // A sale in another country is an export.
        (&json!({ "country": "JP" }), "STANDARD", None, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let shop = TicketsFixture::open().await;
        let mut venue = json!({ "names": { "en": "Opera House" }, "time_zone": "Asia/Seoul" });
        if location.is_object() {
            venue["location"] = location.clone();
        }
        let venue = shop.created("create-venue", create("/admin/venues", &venue)).await;
        assert_eq!(venue.get("location"), location.is_object().then_some(location));
        let venue = text(&venue, "venue_id");
        let plan = text(&shop.plan(&venue, 1, 2, 4).await, "plan_id");
        let mut performance = performance();
        performance["tax_class"] = json!(class);
        let performance = create("/admin/performances", &performance);
        let performance = text(&shop.created("create-performance", performance).await, "performance_id");
        let hall = Hall {
            venue,
            plan,
            performance,
        };
        let showtime = shop.on_sale(&hall).await;
        shop.open_sale();
        let order = shop.hold("ann", "k", &showtime, &["0-0-0"]).await.body;
        let line = &order["lines"][0];
        assert_eq!(line["tax_rate"].as_str(), rate, "case {nth}: {order}");
        for (part, amount) in [("total", prices), ("included_tax", included), ("tax", 0)] {
            assert_eq!(line[part]["amount"], amount, "{part} of case {nth}: {order}");
            assert_eq!(order["totals"][part]["amount"], amount, "{part} of case {nth}: {order}");
        }
        let again = shop.shop.see("ann", &text(&order, "order_id")).await.body;
        assert_eq!(again["lines"], order["lines"], "as it was stored");
    }
}
