//! Areas of general admission: places that nobody chooses, held, sold, given back, blocked and checked in as seats are.

use function_tests::tickets_fixture::{
    Hall, change_call, create, hold_call, plan_call, plan_with_area, showtime_call, showtime_with_area, text,
};
use function_tests::{CouponsFixture, PaymentFixture, TicketsFixture, id_of};
use futures::future::join_all;
use harness::audit::check_seats;
use harness::engine::{ORDERS, SEATS};
use harness::faults::{Cost, Fault, Hold};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::holds::{named, paid};

/// How long places are held, as the platform's `HOLD_MINUTES` says.
const HOLD: SignedDuration = SignedDuration::from_mins(8);

/// A showtime on sale with eight seats and the standing area B of `places`.
pub(crate) async fn standing(places: u32) -> (TicketsFixture, String) {
    standing_at(places, |_| {}).await
}

/// The same showtime after a change of its request.
async fn standing_at(places: u32, change: impl FnOnce(&mut Value)) -> (TicketsFixture, String) {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let plan = plan_call(&venue, &plan_with_area((1, 2, 4), places));
    let plan = text(&shop.created("create-plan", plan).await, "plan_id");
    let performance = shop.performance().await;
    let mut body = showtime_with_area(&plan);
    change(&mut body);
    let created = shop.created("create-showtime", showtime_call(&performance, &body));
    let showtime = text(&created.await, "showtime_id");
    let published = shop.publish(&showtime).await;
    assert_eq!(published.status, 200, "{published:?}");
    shop.open_sale();
    (shop, showtime)
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

/// The ids of the places of an order.
fn places_of(order: &Answer) -> Vec<String> {
    let lines = order.body["lines"].as_array().unwrap().iter();
    lines.map(|line| text(&line["seat"], "seat")).collect()
}

/// How many places of the area B are free, as the seat map says.
async fn free(shop: &TicketsFixture, showtime: &str) -> u64 {
    let map = shop.seat_map(showtime).await;
    map.body["areas"][0]["free"].as_u64().unwrap()
}

/// Blocks all places of an area but these. Its rows are those of part 1.
async fn block_all_but(shop: &TicketsFixture, showtime: &str, rows: &[u8], open: &[&str]) {
    let places = (0..)
        .zip(rows)
        .flat_map(|(row, &places)| (0..places).map(move |place| format!("1-{row}-{place}")));
    let blocked: Vec<String> = places.filter(|place| !open.contains(&place.as_str())).collect();
    let blocked: Vec<&str> = blocked.iter().map(String::as_str).collect();
    let answer = shop.change_seats("block-seats", showtime, "all-but", &blocked).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn audit(shop: &TicketsFixture) {
    check_seats(&shop.engine.items(ORDERS).await, &shop.engine.items(SEATS).await).unwrap();
}

#[tokio::test]
async fn a_hold_of_an_area_has_places_of_it_and_says_which_area_it_is() {
    let (shop, showtime) = standing(40).await;
    let order = shop.hold_places("ann", "k", &showtime, "B", 3).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(order.body["totals"]["total"]["amount"], 150_000);
    for line in order.body["lines"].as_array().unwrap() {
        let seat = &line["seat"];
        assert_eq!(
            (&seat["class"], &seat["area"]["area"]),
            (&json!("ST"), &json!("B")),
            "{line}"
        );
        let number = seat["area"]["number"].as_u64().unwrap();
        assert!((1..=40).contains(&number), "{line}");
        let name = format!("The Nutcracker, 2026-03-07 19:00, ST Standing B {number}");
        assert_eq!(line["name"], name);
    }
    let rows: Vec<String> = places_of(&order).iter().map(|id| id[..4].to_owned()).collect();
    assert!(rows.iter().all(|row| *row == rows[0]), "of one row: {rows:?}");
    let map = shop.seat_map(&showtime).await;
    assert_eq!(
        (&map.body["seats"], &map.body["states"]),
        (&json!(8), &json!("AAA=")),
        "{map:?}"
    );
    assert_eq!(map.body["areas"], json!([{ "area": "B", "places": 40, "free": 37 }]));
    let classes = shop.see(&showtime).await.body["classes"].clone();
    assert_eq!(classes[2]["remaining"], 37, "{classes}");
    assert_eq!(named(&shop).await.len(), 3);
}

#[tokio::test]
async fn nobody_chooses_a_place_and_a_request_names_an_area_that_exists() {
    let (shop, showtime) = standing(40).await;
    let hold = async |body: Value| {
        let answer = shop.call("hold-seats", hold_call("ann", "k", &showtime, &body)).await;
        (answer.status, answer.problem().to_owned(), answer)
    };
    for seats in [json!(["1-0-0"]), json!(["0-0-0", "1-1-19"]), json!(["1-0-99"])] {
        let (status, problem, answer) = hold(json!({ "seats": seats })).await;
        assert_eq!((status, problem.as_str()), (422, "general-admission"), "{answer:?}");
        assert_eq!(answer.body["area"], "B");
    }
    for body in [
        json!({ "general": { "area": "C", "count": 1 } }),
        json!({ "general": { "area": "B", "count": 0 } }),
        json!({ "general": { "area": "B", "count": 21 } }),
        json!({ "general": { "area": "B", "count": 1 }, "seats": ["0-0-0"] }),
        json!({ "best": { "class": "ST", "count": 1 } }),
    ] {
        let (status, problem, answer) = hold(body.clone()).await;
        assert_eq!((status, problem.as_str()), (422, "invalid-hold"), "{body} {answer:?}");
    }
    let (status, ..) = hold(json!({ "general": { "area": "a b", "count": 1 } })).await;
    assert_eq!(status, 400);
    let (_, problem, _) = hold(json!({ "general": { "area": "B", "count": 5 } })).await;
    assert_eq!(problem, "too-many-seats", "the limit of a customer is the same");
    assert!(named(&shop).await.is_empty());
}

/// Forty customers want a place each at once, when ten are left. Returns the answers.
async fn forty_for_ten(shop: &TicketsFixture, showtime: &str) {
    assert_eq!(free(shop, showtime).await, 10);
    let function = shop.handler("hold-seats");
    let body = json!({ "general": { "area": "B", "count": 1 } });
    let calls = (0..40).map(|nth| shop.call_with(&function, hold_call(&format!("c{nth}"), "k", showtime, &body)));
    let answers = join_all(calls).await;
    let held = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(held, 10, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(seen(answer), (409, "too-few-places"), "{answer:?}");
        assert_eq!((&answer.body["area"], &answer.body["places"]), (&json!("B"), &json!(0)));
    }
    audit(shop).await;
}

#[tokio::test]
async fn of_forty_customers_who_want_the_last_ten_places_ten_get_one_and_the_others_learn_that_it_is_sold_out() {
    let (shop, showtime) = standing(10).await;
    forty_for_ten(&shop, &showtime).await;
    // Ten places somewhere in 52 rows, of which a hold reads four first.
    let (shop, showtime) = standing(1_450).await;
    for (key, count) in [("1", 1_000), ("2", 440)] {
        let blocked = shop.change_places("block-seats", &showtime, key, "B", count).await;
        assert_eq!(blocked.status, 200, "{blocked:?}");
    }
    forty_for_ten(&shop, &showtime).await;
}

#[tokio::test]
async fn thirty_customers_who_ask_at_once_fill_an_area_to_its_last_place() {
    let (shop, showtime) = standing(120).await;
    let function = shop.handler("hold-seats");
    let body = json!({ "general": { "area": "B", "count": 4 } });
    let calls = (0..30).map(|nth| shop.call_with(&function, hold_call(&format!("c{nth}"), "k", &showtime, &body)));
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    assert_eq!((named(&shop).await.len(), free(&shop, &showtime).await), (120, 0));
}

#[tokio::test]
async fn a_hold_takes_places_of_several_rows_and_fails_only_if_fewer_are_free() {
    let (shop, showtime) = standing(60).await;
    let open = ["1-0-3", "1-1-5", "1-2-7", "1-2-9"];
    block_all_but(&shop, &showtime, &[20, 20, 20], &open).await;
    let first = shop.hold_places("ann", "k", &showtime, "B", 1).await;
    assert_eq!(first.status, 201, "{first:?}");
    let many = shop.hold_places("bob", "4", &showtime, "B", 4).await;
    assert_eq!(
        (seen(&many), &many.body["places"]),
        ((409, "too-few-places"), &json!(3))
    );
    let rest = shop.hold_places("bob", "3", &showtime, "B", 3).await;
    assert_eq!(rest.status, 201, "{rest:?}");
    let mut places = [places_of(&first), places_of(&rest)].concat();
    places.sort();
    assert_eq!(places, open);
    audit(&shop).await;
    assert_eq!(shop.cancel("bob", &id_of(&rest)).await.status, 200);
    assert_eq!(free(&shop, &showtime).await, 3);
    let again = shop.hold_places("eve", "k", &showtime, "B", 3).await;
    assert_eq!(
        again.status, 201,
        "places that were given back are sold again: {again:?}"
    );
}

#[tokio::test]
async fn a_retried_hold_of_places_is_the_first_one() {
    let (shop, showtime) = standing(4).await;
    let body = json!({ "general": { "area": "B", "count": 4 } });
    let call = || hold_call("ann", "k", &showtime, &body);
    let (one, other) = tokio::join!(shop.call("hold-seats", call()), shop.call("hold-seats", call()));
    assert_eq!((one.status, other.status), (201, 201), "{one:?} {other:?}");
    assert_eq!(one.body["order_id"], other.body["order_id"]);
    let again = shop.call("hold-seats", call()).await;
    assert_eq!(
        (again.replayed, &again.body),
        (true, &one.body),
        "no place is left, and it is found"
    );
    let changed = shop.hold_places("ann", "k", &showtime, "B", 3).await;
    assert_eq!(seen(&changed), (422, "idempotency-key-reused"));
    assert_eq!(named(&shop).await.len(), 4);
    let second = shop.hold_places("ann", "2", &showtime, "B", 1).await;
    assert_eq!(
        (seen(&second), &second.body["order_id"]),
        ((409, "hold-exists"), &one.body["order_id"])
    );
}

#[tokio::test]
async fn a_swap_counts_the_own_places_as_free_and_goes_from_places_to_seats_and_back() {
    let (shop, showtime) = standing(4).await;
    let swap = async |key: &str, order: &Answer, mut body: Value| {
        body["replaces"] = order.body["order_id"].clone();
        shop.call("hold-seats", hold_call("ann", key, &showtime, &body)).await
    };
    let first = shop.hold_places("ann", "1", &showtime, "B", 3).await;
    shop.hold_places("bob", "b", &showtime, "B", 1).await;
    shop.advance(SignedDuration::from_mins(3));
    let many = swap("2", &first, json!({ "general": { "area": "B", "count": 4 } })).await;
    assert_eq!(
        (seen(&many), &many.body["places"]),
        ((409, "too-few-places"), &json!(3))
    );
    assert_eq!(free(&shop, &showtime).await, 0, "nothing has changed");
    let fewer = swap("3", &first, json!({ "general": { "area": "B", "count": 2 } })).await;
    assert_eq!(fewer.status, 201, "{fewer:?}");
    let seats = swap("4", &fewer, json!({ "seats": ["0-0-0", "0-0-1"] })).await;
    assert_eq!(seats.status, 201, "{seats:?}");
    assert_eq!((free(&shop, &showtime).await, named(&shop).await.len()), (3, 3));
    let back = swap("5", &seats, json!({ "general": { "area": "B", "count": 3 } })).await;
    assert_eq!(back.status, 201, "{back:?}");
    assert_eq!(back.body["expires_at"], first.body["expires_at"], "the deadline stays");
    assert_eq!((free(&shop, &showtime).await, named(&shop).await.len()), (0, 4));
}

#[tokio::test]
async fn at_the_deadline_of_a_hold_its_places_are_anothers_to_take_and_not_before() {
    let (shop, showtime) = standing(4).await;
    let first = shop.hold_places("ann", "k", &showtime, "B", 4).await;
    shop.advance(HOLD - SignedDuration::from_millis(1));
    let early = shop.hold_places("bob", "1", &showtime, "B", 1).await;
    assert_eq!(seen(&early), (409, "too-few-places"));
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(free(&shop, &showtime).await, 4);
    let (bob, cy) = tokio::join!(
        shop.hold_places("bob", "2", &showtime, "B", 2),
        shop.hold_places("cy", "2", &showtime, "B", 2),
    );
    assert_eq!((bob.status, cy.status), (201, 201), "{bob:?} {cy:?}");
    assert_eq!(shop.shop.see("ann", &id_of(&first)).await.body["status"], "EXPIRED");
    assert_eq!(named(&shop).await.len(), 4);
}

#[tokio::test]
async fn the_first_hold_after_all_holds_of_a_large_area_have_ended_succeeds() {
    // Twelve rows, of which a hold reads four first.
    let (shop, showtime) = standing(320).await;
    for customer in 0..80 {
        let held = shop.hold_places(&format!("c{customer}"), "k", &showtime, "B", 4).await;
        assert_eq!(held.status, 201, "{held:?}");
    }
    shop.advance(HOLD);
    let function = shop.handler("hold-seats");
    for customer in 0..20 {
        let body = json!({ "general": { "area": "B", "count": 3 } });
        let call = hold_call(&format!("d{customer}"), "k", &showtime, &body);
        let held = shop.call_with(&function, call).await;
        assert_eq!(held.status, 201, "{held:?}");
    }
    // The places of 60 of the 80 ended holds are still named in the rows.
    let blocked = shop.change_places("block-seats", &showtime, "a", "B", 260).await;
    assert_eq!(
        (blocked.status, &blocked.body["area"]["free"]),
        (200, &json!(0)),
        "{blocked:?}"
    );
    audit(&shop).await;
}

#[tokio::test]
async fn a_hold_whose_duplicate_takes_the_last_places_meanwhile_is_answered_with_its_order() {
    for body in [
        json!({ "general": { "area": "B", "count": 4 } }),
        json!({ "best": { "class": "VIP", "count": 2 } }),
    ] {
        let (shop, showtime) = standing_at(4, |_| {}).await;
        // The seats 0-0-2 and 0-0-3 are left.
        let others = [
            ("cy", vec!["0-0-0", "0-0-1", "0-1-2", "0-1-3"]),
            ("dan", vec!["0-1-0", "0-1-1"]),
        ];
        for (customer, seats) in others {
            let taken = shop.hold(customer, "k", &showtime, &seats).await;
            assert_eq!(taken.status, 201, "{taken:?}");
        }
        let call = || hold_call("ann", "same", &showtime, &body);
        // Each function has just started, so it reads the order and what the customer holds first, and the rows then.
        let holds = [Hold::default(), Hold::default()];
        shop.engine.faults.plan("BatchGetItem", Fault::Held(holds[0].clone()));
        let second = async {
            holds[0].arrived().await;
            let next = if body.get("best").is_some() {
                "Query"
            } else {
                "BatchGetItem"
            };
            shop.engine.faults.plan(next, Fault::Held(holds[1].clone()));
            holds[0].release();
            holds[1].arrived().await;
            let answer = shop.call("hold-seats", call()).await;
            holds[1].release();
            answer
        };
        let (first, second) = tokio::join!(shop.call("hold-seats", call()), second);
        assert_eq!((second.status, second.replayed), (201, false), "{second:?}");
        assert_eq!((first.status, first.replayed), (201, true), "{first:?}");
        assert_eq!(first.body["order_id"], second.body["order_id"]);
    }
}

#[tokio::test]
async fn a_block_whose_duplicate_takes_the_last_places_meanwhile_is_answered_as_its_retry() {
    let (shop, showtime) = standing(32).await;
    let block = || shop.change_places("block-seats", &showtime, "same", "B", 20);
    // Between the record of the request, which does not exist yet, and the rows.
    let hold = Hold::default();
    shop.engine.faults.plan("Query", Fault::Held(hold.clone()));
    let second = async {
        hold.arrived().await;
        let answer = block().await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(block(), second);
    assert_eq!((second.status, second.replayed), (200, false), "{second:?}");
    assert_eq!((first.status, first.replayed), (200, true), "{first:?}");
    assert_eq!(free(&shop, &showtime).await, 12);
}

#[tokio::test]
async fn places_that_are_sold_and_not_marked_yet_are_not_sold_again() {
    let (shop, showtime) = standing(4).await;
    let order = shop.hold_places("ann", "k", &showtime, "B", 2).await;
    paid(&shop, "ann", &order).await;
    shop.advance(HOLD);
    assert_eq!(free(&shop, &showtime).await, 4, "the map does not know yet");
    let many = shop.hold_places("bob", "1", &showtime, "B", 3).await;
    assert_eq!(
        (seen(&many), &many.body["places"]),
        ((409, "too-few-places"), &json!(2))
    );
    let rest = shop.hold_places("bob", "2", &showtime, "B", 2).await;
    assert_eq!(rest.status, 201, "{rest:?}");
    let none = shop.hold_places("cy", "k", &showtime, "B", 1).await;
    assert_eq!(
        (seen(&none), &none.body["places"]),
        ((409, "too-few-places"), &json!(0))
    );
    shop.mark_sold(&shop.shop.see("ann", &id_of(&order)).await.body).await;
    audit(&shop).await;
}

#[tokio::test]
async fn a_ticket_of_an_area_says_the_area_and_one_place_can_be_given_back() {
    let (shop, showtime) = standing(40).await;
    let hold = shop.hold_places("ann", "k", &showtime, "B", 2).await;
    let payments: PaymentFixture = paid(&shop, "ann", &hold).await;
    let order = shop.shop.see("ann", &id_of(&hold)).await.body;
    shop.update_tickets("OrderPaid", &order).await;
    let tickets = shop.tickets("ann").await;
    assert_eq!(tickets.len(), 2);
    for ticket in &tickets {
        let number = ticket["area"]["number"].as_u64().unwrap();
        assert_eq!(ticket["area"]["area"], "B");
        assert_eq!(
            ticket["name"],
            format!("The Nutcracker, 2026-03-07 19:00, ST Standing B {number}")
        );
    }
    let door = Call::new("GET", "/admin/showtimes/{showtime_id}/tickets").path("showtime_id", &showtime);
    let door = shop.call("list-showtime-tickets", door.by_admin()).await;
    assert_eq!(door.body["items"].as_array().unwrap().len(), 2, "{door:?}");
    assert_eq!(door.body["items"][0]["area"]["area"], "B");
    let line = order["lines"][0]["line_id"].clone();
    let body = json!({ "lines": [{ "line_id": line, "quantity": 1 }] });
    let cancel = Call::new("POST", "/orders/{order_id}/cancel").path("order_id", &id_of(&hold));
    let cancelled = shop.cancel_order(cancel.by("ann").key("one").json(&body)).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(free(&shop, &showtime).await, 39);
    let left = shop.tickets("ann").await;
    let (void, valid): (Vec<Value>, Vec<Value>) = left.into_iter().partition(|ticket| ticket["status"] == "VOID");
    assert_eq!((void.len(), valid.len()), (1, 1));
    assert_eq!(void[0]["line_id"], line);
    let shown = shop.ticket("ann", &text(&valid[0], "ticket_id")).await;
    let scanned = shop
        .check_in("scan", &showtime, &text(&shown.body, "code"), "floor")
        .await;
    assert_eq!(scanned.status, 200, "{scanned:?}");
    drop(payments);
    audit(&shop).await;
}

#[tokio::test]
async fn coupons_of_two_classes_take_off_of_places_and_go_back_with_the_hold() {
    let (shop, showtime) = standing(40).await;
    let coupons = CouponsFixture::beside(shop.again());
    let fields = json!({
        "benefit": { "kind": "PERCENT", "percent": 10 },
        "scope": { "showtimes": [showtime], "classes": ["ST"] },
    });
    let coupon = coupons.coupon(&fields).await;
    let claim = coupons.claimed("ann", &coupon).await;
    let fields = json!({
        "class": "PLATFORM", "benefit": { "kind": "FIXED", "amount": { "amount": 1001, "currency": "KRW" } },
    });
    let platform = coupons.coupon(&fields).await;
    let platform = coupons.claimed("ann", &platform).await;
    let hold = async |key: &str, mut body: Value| {
        body["coupon_claim_ids"] = json!([claim, platform]);
        shop.call("hold-seats", hold_call("ann", key, &showtime, &body)).await
    };
    let seats = hold("1", json!({ "seats": ["0-0-0", "0-0-1"] })).await;
    assert_eq!(seen(&seats), (422, "coupon-not-applicable"), "{seats:?}");
    let places = json!({ "general": { "area": "B", "count": 2 } });
    let mut wrong = places.clone();
    wrong["expected_total"] = json!({ "amount": 100_000, "currency": "KRW" });
    assert_eq!(seen(&hold("2", wrong).await), (409, "total-differs"));
    let order = hold("3", places.clone()).await;
    // 10 % of 100,000, and then 1,001 of 90,000.
    assert_eq!(order.body["totals"]["total"]["amount"], 88_999, "{order:?}");
    let discounts = order.body["lines"].as_array().unwrap().iter();
    let discounts: Vec<&Value> = discounts.map(|line| &line["discount"]["amount"]).collect();
    assert_eq!(discounts, [5501, 5500]);
    assert_eq!(shop.cancel("ann", &id_of(&order)).await.status, 200);
    assert_eq!(hold("4", places).await.status, 201, "both coupons are there again");
    audit(&shop).await;
}

#[tokio::test]
async fn administrators_hold_back_and_release_places_by_number_once_for_each_request() {
    let (shop, showtime) = standing(500).await;
    let change =
        async |action: &str, key: &str, count: u32| shop.change_places(action, &showtime, key, "B", count).await;
    let now = |free: u32, blocked: u32| json!({ "area": "B", "places": 500, "free": free, "blocked": blocked });
    // Two requests at once block different places.
    let (one, other) = tokio::join!(change("block-seats", "a", 200), change("block-seats", "b", 200));
    assert_eq!((one.status, other.status), (200, 200), "{one:?} {other:?}");
    assert_eq!(one.body["seats"], json!([]));
    assert_eq!(free(&shop, &showtime).await, 100);
    let again = change("block-seats", "a", 200).await;
    assert_eq!((again.replayed, &again.body["area"]), (true, &now(100, 400)));
    let reused = change("block-seats", "a", 201).await;
    assert_eq!(seen(&reused), (422, "idempotency-key-reused"));
    let many = change("block-seats", "c", 101).await;
    assert_eq!(
        (seen(&many), &many.body["places"]),
        ((409, "too-few-places"), &json!(100))
    );
    let (one, other) = tokio::join!(change("release-seats", "d", 150), change("release-seats", "e", 150));
    assert_eq!((one.status, other.status), (200, 200), "{one:?} {other:?}");
    let many = change("release-seats", "f", 101).await;
    assert_eq!(
        (seen(&many), &many.body["places"]),
        ((409, "too-few-places"), &json!(100))
    );
    assert_eq!(change("release-seats", "g", 100).await.body["area"], now(500, 0));
    // A hold whose time has passed keeps nobody from blocking, and one that lasts does.
    shop.hold_places("ann", "k", &showtime, "B", 4).await;
    let held = change("block-seats", "h", 500).await;
    assert_eq!(
        (seen(&held), &held.body["places"]),
        ((409, "too-few-places"), &json!(496))
    );
    shop.advance(HOLD);
    let all = change("block-seats", "i", 500).await;
    assert_eq!((all.status, &all.body["area"]), (200, &now(0, 500)), "{all:?}");
    let by_id = shop
        .change_seats("release-seats", &showtime, "j", &["1-0-0", "1-0-1"])
        .await;
    assert_eq!(
        (by_id.status, free(&shop, &showtime).await),
        (200, 2),
        "places can be named too"
    );
    audit(&shop).await;
}

#[tokio::test]
async fn a_change_of_an_area_that_breaks_a_rule_changes_nothing() {
    let (shop, showtime) = standing(3_000).await;
    for body in [
        json!({}),
        json!({ "general": { "area": "C", "count": 1 } }),
        json!({ "general": { "area": "B", "count": 0 } }),
        json!({ "general": { "area": "B", "count": 1_001 } }),
        json!({ "general": { "area": "B", "count": 1 }, "seats": ["0-0-0"] }),
    ] {
        for action in ["block-seats", "release-seats"] {
            let answer = shop.call(action, change_call(action, &showtime, "k", &body)).await;
            assert_eq!(seen(&answer), (422, "invalid-show"), "{body} {answer:?}");
        }
    }
    // All but one place of each of 108 rows are blocked: a request changes 90 rows.
    let rows = (0..108).map(|row| (1 + row / 21, row % 21, if row < 84 { 28 } else { 27 }));
    let places = rows.flat_map(|(part, row, places)| (1..places).map(move |place| format!("{part}-{row}-{place}")));
    let places: Vec<String> = places.collect();
    for (nth, places) in places.chunks(900).enumerate() {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        let key = format!("rows-{nth}");
        let answer = shop.change_seats("block-seats", &showtime, &key, &places).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(free(&shop, &showtime).await, 108);
    let wide = shop.change_places("block-seats", &showtime, "w", "B", 100).await;
    assert_eq!(seen(&wide), (422, "invalid-show"), "{wide:?}");
    assert_eq!(
        shop.change_places("block-seats", &showtime, "n", "B", 90).await.status,
        200
    );
    assert_eq!(free(&shop, &showtime).await, 18);
}

fn requests(cost: &Cost) -> u32 {
    cost.requests.values().sum()
}

#[tokio::test]
async fn a_hold_of_four_places_takes_two_requests_and_a_refusal_reads_the_area_once_and_writes_nothing() {
    let (shop, showtime) = standing(1_000).await;
    let function = shop.handler("hold-seats");
    let body = json!({ "general": { "area": "B", "count": 4 } });
    let hold = |customer: &str| hold_call(customer, "k", &showtime, &body);
    // The function learns the showtime.
    shop.call_with(&function, hold("eve")).await;
    // Areas do not change, so what it read a while ago is enough.
    shop.advance(SignedDuration::from_secs(60));
    shop.engine.faults.measure();
    let customer = "7f3b0c5e-8d6a-4a57-9a43-0a4f1f2d7c11";
    let held = shop.call_with(&function, hold(customer)).await;
    assert_eq!(held.status, 201, "{held:?}");
    let cost = shop.engine.faults.cost();
    println!(
        "a hold of four places: {} read units, {} write units",
        cost.read_units, cost.write_units
    );
    assert_eq!(requests(&cost), 2, "{cost:?}");
    // The lines say which area it is and how they are taxed, which is up to a kilobyte more.
    assert!(cost.write_units <= 17.0 && cost.read_units <= 7.0, "{cost:?}");
    shop.engine.faults.measure();
    assert!(shop.call_with(&function, hold(customer)).await.replayed);
    assert_eq!(requests(&shop.engine.faults.cost()), 1);
    let blocked = shop.change_places("block-seats", &showtime, "b", "B", 991).await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
    shop.engine.faults.measure();
    let refused = shop.call_with(&function, hold("bob")).await;
    assert_eq!(
        (seen(&refused), &refused.body["places"]),
        ((409, "too-few-places"), &json!(1))
    );
    let cost = shop.engine.faults.cost();
    println!(
        "a refusal of four of 1,000 places: {} read units in {:?}",
        cost.read_units, cost.requests
    );
    assert_eq!(
        (requests(&cost), cost.write_units),
        (3, 0.0),
        "the batch and two parts: {cost:?}"
    );
}

#[tokio::test]
async fn in_a_class_of_seats_and_places_the_best_ones_are_seats() {
    let (shop, showtime) = standing_at(40, |body| {
        body["prices"].as_array_mut().unwrap().pop();
        body["prices"][1]["zones"] = json!(["back", "floor"]);
    })
    .await;
    let best = shop.hold_best("ann", "k", &showtime, "R", 2).await;
    assert_eq!(best.status, 201, "{best:?}");
    let two = shop.hold_best("bob", "k", &showtime, "R", 2).await;
    assert_eq!(two.status, 201, "{two:?}");
    assert!(
        [places_of(&best), places_of(&two)]
            .concat()
            .iter()
            .all(|seat| seat.starts_with("0-1-"))
    );
    let none = shop.hold_best("cy", "1", &showtime, "R", 1).await;
    assert_eq!(
        (seen(&none), &none.body["together"]),
        ((409, "no-seats-together"), &json!(0))
    );
    let place = shop.hold_places("cy", "2", &showtime, "B", 1).await;
    let total = &place.body["totals"]["total"]["amount"];
    assert_eq!(
        (place.status, total),
        (201, &json!(90_000)),
        "a place costs what its class does: {place:?}"
    );
    let classes = shop.see(&showtime).await.body["classes"].clone();
    assert_eq!(classes[1]["remaining"], 39, "the class has both: {classes}");
}

#[tokio::test]
async fn a_plan_of_standing_areas_alone_is_published_and_sold() {
    let shop = TicketsFixture::open().await;
    let mut plan = plan_with_area((1, 2, 4), 10_000);
    plan["sections"] = json!([]);
    let mut seated = plan["areas"][0].clone();
    seated["area"] = json!("FREE-SEATS");
    seated["numbered"] = json!(false);
    seated["name"] = json!("Free seating");
    plan["areas"].as_array_mut().unwrap().push(seated);
    let venue = shop.venue("Asia/Seoul").await;
    let created = shop.created("create-plan", plan_call(&venue, &plan)).await;
    assert_eq!((&created["seats"], &created["sections"]), (&json!(20_000), &json!([])));
    assert_eq!(created["areas"][1]["part"], 18, "an area of 10,000 places has 18 parts");
    let hall = Hall {
        plan: text(&created, "plan_id"),
        venue,
        performance: shop.performance().await,
    };
    let mut body = showtime_with_area(&hall.plan);
    body["prices"] = json!([body["prices"][2].clone()]);
    let call = showtime_call(&hall.performance, &body);
    let showtime = text(&shop.created("create-showtime", call).await, "showtime_id");
    assert_eq!(shop.publish(&showtime).await.status, 200);
    shop.open_sale();
    let map = shop.seat_map(&showtime).await;
    assert_eq!(
        (&map.body["seats"], &map.body["states"]),
        (&json!(0), &json!("")),
        "{map:?}"
    );
    let free = [&map.body["areas"][0]["free"], &map.body["areas"][1]["free"]];
    assert_eq!(free, [&json!(10_000), &json!(10_000)]);
    let order = shop.hold_places("ann", "k", &showtime, "FREE-SEATS", 2).await;
    assert_eq!(order.status, 201, "{order:?}");
    let line = &order.body["lines"][0];
    assert_eq!(line["name"], "The Nutcracker, 2026-03-07 19:00, ST Free seating");
    assert_eq!(
        line["seat"]["area"],
        json!({ "area": "FREE-SEATS" }),
        "its places have no numbers"
    );
    assert!(places_of(&order)[0].split('-').next().unwrap().parse::<u16>().unwrap() >= 18);
}

#[tokio::test]
async fn a_plan_with_an_area_that_breaks_a_rule_is_refused_and_says_which_area() {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    for (field, value, status) in [
        ("places", json!(0), 422),
        ("places", json!(10_001), 422),
        ("name", json!(""), 422),
        ("name", json!("x".repeat(41)), 422),
        ("area", json!("S0"), 422),
        ("outline", json!([{ "x": 0, "y": 0 }]), 422),
        ("area", json!("a b"), 400),
        ("places", json!(-1), 400),
        ("colour", json!("red"), 400),
    ] {
        let mut plan = plan_with_area((1, 2, 4), 40);
        plan["areas"][0][field] = value.clone();
        let refused = shop.call("create-plan", plan_call(&venue, &plan)).await;
        assert_eq!(refused.status, status, "{field} {value} {refused:?}");
        if status == 422 {
            assert_eq!(refused.problem(), "invalid-plan");
            assert_eq!(refused.body["area"], plan["areas"][0]["area"], "{refused:?}");
        }
    }
    let empty = json!({ "name": "Nothing", "sections": [] });
    let refused = shop.call(
        "create-plan",
        create("/admin/venues/{venue_id}/plans", &empty).path("venue_id", &venue),
    );
    assert_eq!(seen(&refused.await), (422, "invalid-plan"));
}
