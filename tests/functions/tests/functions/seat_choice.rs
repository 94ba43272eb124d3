//! Which seats a hold gets, and which choices are refused: in houses with several runs, long runs, sections of several parts, a focus
//! and accessible seats.

use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{Hall, change_call, hold_call, plan_call, text};
use harness::gateway::Answer;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::tickets::{SeatMap, SeatState};
use tickets::plan::sample;

use SeatState::{Blocked, Free, Held};

/// A showtime on sale in a house with this plan, whose zones are `front` and `back`.
async fn selling(plan: &Value) -> (TicketsFixture, String) {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let plan = shop.created("create-plan", plan_call(&venue, plan)).await;
    let hall = Hall {
        venue,
        plan: text(&plan, "plan_id"),
        performance: shop.performance().await,
    };
    let showtime = shop.on_sale(&hall).await;
    shop.open_sale();
    (shop, showtime)
}

/// A plan of four rows of which the first two, in the zone `front`, have these runs of seats.
fn house(runs: &[u16]) -> Value {
    let mut first = 1;
    let runs = runs.iter().map(|count| {
        let run = json!({ "first": first, "count": count, "at": { "x": first * 50, "y": 0 } });
        first += count;
        run
    });
    let runs: Vec<Value> = runs.collect();
    let mut plan = json!(sample::hall(1, 4, 4));
    for row in &mut plan["sections"][0]["rows"].as_array_mut().unwrap()[..2] {
        row["runs"] = json!(runs);
        row["notes"] = json!([]);
    }
    plan
}

fn seats_of(order: &Answer) -> Vec<String> {
    assert_eq!(order.status, 201, "{order:?}");
    let lines = order.body["lines"].as_array().unwrap().iter();
    lines.map(|line| text(&line["seat"], "seat")).collect()
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// Blocks all seats of a row of 20 but those at `free`.
async fn block_all_but(shop: &TicketsFixture, showtime: &str, row: &str, free: &[u8]) {
    let seats: Vec<String> = (0..20)
        .filter(|place| !free.contains(place))
        .map(|place| format!("{row}-{place}"))
        .collect();
    let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
    let blocked = shop.change_seats("block-seats", showtime, row, &seats).await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
}

/// The states of a row in a refusal.
fn states(refused: &Answer, nth: usize, seats: usize) -> Vec<SeatState> {
    let map = SeatMap::parse(seats, refused.body["rows"][nth]["states"].as_str().unwrap()).unwrap();
    (0..seats).map(|place| map.state(place).unwrap()).collect()
}

#[tokio::test]
async fn the_best_seats_of_a_row_of_several_runs_are_in_its_middle() {
    let (shop, showtime) = selling(&house(&[10, 20, 10])).await;
    let first = shop.hold_best("ann", "k", &showtime, "VIP", 2).await;
    assert_eq!(seats_of(&first), ["0-1-9", "0-1-10"], "and not in its left part");
    for customer in ["bob", "cid", "dan", "eve"] {
        let next = shop.hold_best(customer, "k", &showtime, "VIP", 4).await;
        assert!(seats_of(&next).iter().all(|seat| seat.starts_with("0-1-")), "{next:?}");
    }
    let next = shop.hold_best("fay", "k", &showtime, "VIP", 4).await;
    let seat = &seats_of(&next)[0];
    assert!(
        seat.starts_with("0-0-") || seat.starts_with("0-2-"),
        "the other runs of the first row come before the second one: {seat}"
    );
}

#[tokio::test]
async fn the_best_seats_of_a_section_of_1_200_seats_are_in_its_first_rows_and_not_in_its_middle() {
    let mut plan = json!(sample::hall(1, 48, 25));
    for row in plan["sections"][0]["rows"].as_array_mut().unwrap() {
        // The rows of the second part, of which the first is the 25th of the section, are in the same class.
        row["zone"] = json!("front");
    }
    plan["sections"][0]["rows"][47]["zone"] = json!("back");
    let (shop, showtime) = selling(&plan).await;
    let function = shop.handler("hold-seats");
    for customer in 0..8 {
        let body = json!({ "best": { "class": "VIP", "count": 4 } });
        let call = hold_call(&format!("c{customer}"), "k", &showtime, &body);
        let held = shop.call_with(&function, call).await;
        let seat = &seats_of(&held)[0];
        assert!(seat.starts_with("0-0-") || seat.starts_with("0-1-"), "{seat}");
    }
}

#[tokio::test]
async fn the_best_seats_of_a_house_with_a_focus_are_those_near_it() {
    let mut plan = json!(sample::hall(2, 6, 8));
    // Beside the second row of the second section.
    plan["focus"] = json!({ "x": 6_250, "y": 600 });
    let (shop, showtime) = selling(&plan).await;
    let held = shop.hold_best("ann", "k", &showtime, "VIP", 4).await;
    assert!(seats_of(&held).iter().all(|seat| seat.starts_with("1-1-")), "{held:?}");
    let plan_id = shop.see(&showtime).await.body["plan_id"].as_str().unwrap().to_owned();
    let call = harness::gateway::Call::new("GET", "/plans/{plan_id}").path("plan_id", &plan_id);
    let shown = shop.call("get-plan", call).await;
    assert_eq!(shown.body["focus"], plan["focus"]);
}

#[tokio::test]
async fn a_choice_at_the_end_of_a_part_of_a_long_run_is_judged_by_the_whole_run() {
    let (shop, showtime) = selling(&house(&[40])).await;
    // Seats 18 and 19 of 40: seat 20 is the last one of the first part, and 21 beside it is free.
    let held = shop.hold("ann", "k", &showtime, &["0-0-17", "0-0-18"]).await;
    assert_eq!(held.status, 201, "{held:?}");
    // Seats 21 and 22 would leave seat 20 alone.
    let refused = shop.hold("bob", "k", &showtime, &["0-1-0", "0-1-1"]).await;
    assert_eq!(seen(&refused), (409, "single-seat-left"), "{refused:?}");
    assert_eq!(refused.body["seats"], json!(["0-0-19"]));
    let rows = refused.body["rows"].as_array().unwrap();
    let keys: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["part"], &row["row"])).collect();
    assert_eq!(keys, [(&json!(0), &json!(0)), (&json!(0), &json!(1))]);
    assert_eq!(states(&refused, 0, 20)[16..], [Free, Held, Held, Free]);
    let all = shop.hold("bob", "k2", &showtime, &["0-0-19", "0-1-0", "0-1-1"]).await;
    assert_eq!(all.status, 201, "{all:?}");
}

#[tokio::test]
async fn a_hold_at_the_end_of_a_part_of_a_long_run_takes_two_requests() {
    let (shop, showtime) = selling(&house(&[40])).await;
    let function = shop.handler("hold-seats");
    let mut costs = vec![];
    for (customer, seats) in [
        ("ann", ["0-0-3", "0-0-4"]),
        ("bob", ["0-0-9", "0-0-10"]),
        ("cid", ["0-1-0", "0-1-1"]),
    ] {
        shop.engine.faults.measure();
        let call = hold_call(customer, "k", &showtime, &json!({ "seats": seats }));
        let held = shop.call_with(&function, call).await;
        assert_eq!(held.status, 201, "{held:?}");
        costs.push(shop.engine.faults.cost());
    }
    for cost in &costs[1..] {
        assert_eq!(cost.requests.values().sum::<u32>(), 2, "{cost:?}");
    }
    assert!(
        costs[2].read_units <= costs[1].read_units + 1.0,
        "a unit for the row beside it: {costs:?}"
    );
}

#[tokio::test]
async fn the_best_seats_are_side_by_side_across_the_parts_of_a_long_run() {
    let (shop, showtime) = selling(&house(&[40])).await;
    block_all_but(&shop, &showtime, "0-0", &[19]).await;
    block_all_but(&shop, &showtime, "0-1", &[0]).await;
    for row in ["0-2", "0-3"] {
        block_all_but(&shop, &showtime, row, &[]).await;
    }
    let held = shop.hold_best("ann", "k", &showtime, "VIP", 2).await;
    assert_eq!(seats_of(&held), ["0-0-19", "0-1-0"]);
}

#[tokio::test]
async fn a_refusal_of_taken_seats_has_their_rows_as_they_are_now() {
    let (shop, showtime) = selling(&house(&[4])).await;
    let own = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    assert_eq!(own.status, 201, "{own:?}");
    shop.change_seats("block-seats", &showtime, "b", &["0-1-3"]).await;
    let function = shop.handler("hold-seats");
    // The second refusal is one in a crowd.
    for customer in ["bob", "cid"] {
        let seats = json!({ "seats": ["0-0-0", "0-1-3"] });
        let call = hold_call(customer, "k", &showtime, &seats);
        let refused = shop.call_with(&function, call).await;
        assert_eq!(seen(&refused), (409, "seats-taken"), "{refused:?}");
        assert_eq!(refused.body["rows"].as_array().unwrap().len(), 2);
        assert_eq!(refused.body["rows"][1]["row"], 1);
        assert_eq!(states(&refused, 0, 4), [Held, Held, Free, Free]);
        assert_eq!(states(&refused, 1, 4), [Free, Free, Free, Blocked]);
    }
    let swap = json!({ "seats": ["0-0-0", "0-1-3"], "replaces": own.body["order_id"] });
    let refused = shop.call("hold-seats", hold_call("ann", "2", &showtime, &swap)).await;
    assert_eq!(seen(&refused), (409, "seats-taken"), "{refused:?}");
    assert_eq!(
        states(&refused, 0, 4),
        [Held, Held, Free, Free],
        "the customer still has the own seats"
    );
}

#[tokio::test]
async fn accessible_seats_are_for_those_who_ask_for_them_until_all_others_of_the_class_are_sold_or_blocked() {
    // Of the front row, the first seat is accessible and the second one for its companion.
    let (shop, showtime) = selling(&json!(sample::hall(1, 2, 8))).await;
    let best = async |customer: &str, count: u8, accessible: bool| {
        let body = json!({ "best": { "class": "VIP", "count": count, "accessible": accessible } });
        shop.call("hold-seats", hold_call(customer, "k", &showtime, &body))
            .await
    };
    let others = best("ann", 4, false).await;
    assert_eq!(seats_of(&others), ["0-0-4", "0-0-5", "0-0-6", "0-0-7"]);
    let refused = best("bob", 4, false).await;
    assert_eq!(
        (seen(&refused), &refused.body["together"]),
        ((409, "no-seats-together"), &json!(2)),
        "four are free, of which two are kept"
    );
    let many = best("bob", 3, true).await;
    assert_eq!(
        (seen(&many), &many.body["together"]),
        ((409, "no-seats-together"), &json!(2))
    );
    let accessible = best("bob", 2, true).await;
    assert_eq!(seats_of(&accessible), ["0-0-0", "0-0-1"]);
    let none = best("cid", 1, true).await;
    assert_eq!(
        (seen(&none), &none.body["together"]),
        ((409, "no-seats-together"), &json!(0))
    );
    assert_eq!(
        shop.cancel("bob", &text(&accessible.body, "order_id")).await.status,
        200
    );
    assert_eq!(seats_of(&best("cid", 2, false).await), ["0-0-2", "0-0-3"]);
    let refused = best("dan", 2, false).await;
    assert_eq!(
        (seen(&refused), &refused.body["together"]),
        ((409, "no-seats-together"), &json!(0)),
        "the others are held and may become free again"
    );
    shop.advance(SignedDuration::from_hours(1));
    let others = json!({ "seats": ["0-0-2", "0-0-3", "0-0-4", "0-0-5", "0-0-6", "0-0-7"] });
    let blocked = shop
        .call("block-seats", change_call("block-seats", &showtime, "b", &others))
        .await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
    let released = json!({ "best": { "class": "VIP", "count": 2 } });
    let released = shop
        .call("hold-seats", hold_call("dan", "k2", &showtime, &released))
        .await;
    assert_eq!(seats_of(&released), ["0-0-0", "0-0-1"]);
}
