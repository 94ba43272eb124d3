//! The seats of a showtime: created when it is published, blocked and released by administrators, seen by everybody.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use function_tests::TicketsFixture;
use function_tests::tickets_fixture::{plan_call, publish_call, seat_map_call, showtime, showtime_call, text, update};
use futures::future::join_all;
use harness::engine::SEATS;
use harness::gateway::Answer;
use harness::{Fault, Hold};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::aws::dynamodb::request::StoredRequest;
use shared::core::idempotency::IdempotencyKey;
use shared::core::identity::CustomerId;
use shared::tickets::{Change, RowKey, SeatMap, SeatRow, SeatState, SeatStore};
use tickets::plan::sample;

/// What a row has of a seat that an order has: held until `until`, or sold.
fn taken(until: Option<Timestamp>) -> AttributeValue {
    let deadline = until.map(|until| until.as_millisecond().to_be_bytes()[2..].to_vec());
    AttributeValue::B(Blob::new([vec![7; 16], deadline.unwrap_or_default()].concat()))
}

/// Puts a seat into the hands of an order, as a checkout will: held until `until`, or sold.
async fn take(shop: &TicketsFixture, showtime: &str, seat: (u16, u16, u8), until: Option<Timestamp>) {
    let update = shop.engine.direct.update_item().table_name(SEATS);
    let update = update
        .key("pk", AttributeValue::S(format!("SHOW#{showtime}#SEC#{}", seat.0)))
        .key("sk", AttributeValue::S(format!("ROW#{:03}", seat.1)))
        .condition_expression("attribute_exists(pk)")
        .update_expression("SET h.#p = :taken")
        .expression_attribute_names("#p", seat.2.to_string())
        .expression_attribute_values(":taken", taken(until));
    update.send().await.unwrap();
}

fn states(map: &Answer) -> Vec<SeatState> {
    assert_eq!(map.status, 200, "{map:?}");
    let seats = map.body["seats"].as_u64().unwrap() as usize;
    let map = SeatMap::parse(seats, map.body["states"].as_str().unwrap()).unwrap();
    (0..seats).map(|number| map.state(number).unwrap()).collect()
}

fn remaining(seen: &Answer) -> Vec<u64> {
    let classes = seen.body["classes"].as_array().unwrap().iter();
    classes.map(|class| class["remaining"].as_u64().unwrap()).collect()
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.problem())
}

use SeatState::{Blocked, Free, Held, Sold};

#[tokio::test]
async fn publishing_a_showtime_creates_its_seats_all_free() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 2, 4, 10).await;
    let id = shop.showtime(&hall).await;
    assert_eq!(seen(&shop.seat_map(&id).await), (404, "not-found"), "a draft");
    assert_eq!(seen(&shop.see(&id).await), (404, "not-found"));
    let published = shop.publish(&id).await;
    assert_eq!(
        (published.status, &published.body["status"]),
        (200, &json!("ON_SALE")),
        "{published:?}"
    );
    assert_eq!(
        (&published.body["seating"]["seats"], published.replayed),
        (&json!(80), false)
    );
    assert_eq!(states(&shop.seat_map(&id).await), [Free; 80]);
    assert_eq!(remaining(&shop.see(&id).await), [40, 40]);
    let again = shop.publish(&id).await;
    assert_eq!(
        (again.status, again.replayed, &again.body),
        (200, true, &published.body)
    );
}

#[tokio::test]
async fn publishing_again_after_a_crash_completes_the_seats_and_takes_none_back() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 2, 80, 10).await;
    let id = shop.showtime(&hall).await;
    // The second read of the layout fails for good: the seating is recorded, no seat is there.
    shop.s3.plan_served("GET");
    shop.s3.plan("GET", 403);
    assert_eq!(shop.publish(&id).await.status, 500);
    let other = text(&shop.plan(&hall.venue, 1, 2, 4).await, "plan_id");
    assert_eq!(
        seen(&shop.change(&id, &json!({ "plan_id": other })).await),
        (409, "seats-exist")
    );
    assert_eq!(seen(&shop.see(&id).await), (404, "not-found"), "it is a draft still");
    assert_eq!(shop.publish(&id).await.status, 200);
    assert_eq!(states(&shop.seat_map(&id).await), [Free; 1_600]);
    // A late copy of the same step meets seats that are sold.
    take(&shop, &id, (0, 0, 3), None).await;
    let store = SeatStore::new(&shop.platform()).unwrap();
    let rows = store
        .all(id_of(&id), 4, false, shop.invocation().deadline)
        .await
        .unwrap();
    let fresh: Vec<_> = rows
        .into_iter()
        .map(|row| SeatRow {
            taken: [].into(),
            ..row
        })
        .collect();
    store
        .create(id_of(&id), &fresh, shop.invocation().deadline)
        .await
        .unwrap();
    assert_eq!(states(&shop.seat_map(&id).await)[3], Sold);
}

fn id_of(showtime: &str) -> shared::tickets::ShowtimeId {
    serde_json::from_value(json!(showtime)).unwrap()
}

#[tokio::test]
async fn a_showtime_of_a_draft_of_a_performance_is_not_published() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let body = json!({ "status": "DRAFT" });
    let route = "/admin/performances/{performance_id}";
    let hide = update(route, "performance_id", &hall.performance, "*", &body);
    assert_eq!(shop.call("update-performance", hide).await.status, 200);
    let id = shop.showtime(&hall).await;
    assert_eq!(seen(&shop.publish(&id).await), (409, "performance-not-listed"));
}

#[tokio::test]
async fn a_publication_is_completed_only_while_its_performance_is_listed() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.showtime(&hall).await;
    // The second read of the layout fails: the seating is recorded, no seat is there.
    shop.s3.plan_served("GET");
    shop.s3.plan("GET", 403);
    assert_eq!(shop.publish(&id).await.status, 500);
    let set = async |body: Value| {
        let route = "/admin/performances/{performance_id}";
        let call = update(route, "performance_id", &hall.performance, "*", &body);
        shop.call("update-performance", call).await
    };
    assert_eq!(set(json!({ "status": "DRAFT" })).await.status, 200);
    assert_eq!(seen(&shop.publish(&id).await), (409, "performance-not-listed"));
    let fee = json!({ "days_before": 10, "percent": 10, "at_most": { "amount": 5, "currency": "USD" } });
    let dollars = json!({ "status": "LISTED", "refund_policy": { "steps": [fee] } });
    assert_eq!(set(dollars).await.status, 200);
    let refused = shop.publish(&id).await;
    assert_eq!(
        (seen(&refused), &refused.body["field"]),
        ((422, "invalid-show"), &json!("prices")),
        "the policy has another currency now"
    );
    assert_eq!(set(json!({ "refund_policy": { "steps": [] } })).await.status, 200);
    assert_eq!(shop.publish(&id).await.status, 200);
}

#[tokio::test]
async fn a_publication_that_broke_off_between_two_transactions_is_completed() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 2, 80, 10).await;
    let id = shop.showtime(&hall).await;
    let store = SeatStore::new(&shop.platform()).unwrap();
    let rows = async || -> Vec<SeatRow> {
        store
            .all(id_of(&id), 4, false, shop.invocation().deadline)
            .await
            .unwrap()
    };
    // The function stops after the first transaction of 100 rows, while the second one is on its way.
    let hold = Hold::default();
    let faults = &shop.engine.faults;
    faults.plan("TransactWriteItems", Fault::Late(Duration::ZERO));
    faults.plan("TransactWriteItems", Fault::Held(hold.clone()));
    let first_is_written = async {
        hold.arrived().await;
        while rows().await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        published = shop.publish(&id) => panic!("{published:?}"),
        found = tokio::time::timeout(Duration::from_secs(20), first_is_written) => found.unwrap(),
    }
    let written = rows().await;
    assert!([60, 100].contains(&written.len()), "{} of 160 rows", written.len());
    assert_eq!(seen(&shop.see(&id).await), (404, "not-found"), "it is a draft still");
    let sold = written[0].key;
    take(&shop, &id, (sold.part, sold.row, 3), None).await;
    assert_eq!(shop.publish(&id).await.status, 200);
    let states = states(&shop.seat_map(&id).await);
    let count = |wanted| states.iter().filter(|&&state| state == wanted).count();
    assert_eq!((states.len(), count(Sold), count(Free)), (1_600, 1, 1_599));
    let seat = &rows().await[0];
    assert_eq!((seat.key, seat.state(3, shop.now())), (sold, Sold));
}

#[tokio::test]
async fn a_showtime_is_published_closed_and_its_seats_are_blocked_before_the_sale() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.showtime(&hall).await;
    for (status, refusal) in [("DRAFT", 400), ("CANCELLED", 400)] {
        let call = publish_call(&id).json(&json!({ "status": status }));
        assert_eq!(shop.call("publish-showtime", call).await.status, refusal, "{status}");
    }
    let call = publish_call(&id).json(&json!({ "status": "CLOSED" }));
    let published = shop.call("publish-showtime", call.clone()).await;
    assert_eq!(
        (published.status, &published.body["status"]),
        (200, &json!("CLOSED")),
        "{published:?}"
    );
    let again = shop.call("publish-showtime", call).await;
    assert_eq!((again.replayed, &again.body), (true, &published.body));
    let other = shop.publish(&id).await;
    assert_eq!(
        (other.replayed, &other.body),
        (true, &published.body),
        "it is published already"
    );
    let blocked = shop.change_seats("block-seats", &id, "b", &["0-0-0"]).await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
    let opened = shop.change(&id, &json!({ "status": "ON_SALE" })).await;
    assert_eq!((opened.status, &opened.body["status"]), (200, &json!("ON_SALE")));
    assert_eq!(states(&shop.seat_map(&id).await)[..2], [Blocked, Free]);
}

#[tokio::test]
async fn the_rows_of_a_showtime_keep_the_aisles_of_its_plan() {
    let shop = TicketsFixture::open().await;
    let venue = shop.venue("Asia/Seoul").await;
    let mut body = json!(sample::hall(1, 2, 10));
    body["sections"][0]["rows"][0]["runs"] = json!([{ "first": 1, "count": 40, "at": { "x": 0, "y": 0 } }]);
    let plan = shop.created("create-plan", plan_call(&venue, &body)).await;
    let performance = shop.performance().await;
    let call = showtime_call(&performance, &showtime(&text(&plan, "plan_id")));
    let id = text(&shop.created("create-showtime", call).await, "showtime_id");
    assert_eq!(shop.publish(&id).await.status, 200);
    let store = SeatStore::new(&shop.platform()).unwrap();
    let rows = store
        .all(id_of(&id), 1, false, shop.invocation().deadline)
        .await
        .unwrap();
    let lengths: Vec<(u8, bool)> = rows.iter().map(|row| (row.seats, row.continues())).collect();
    assert_eq!(lengths, [(20, false), (20, true), (10, false)]);
    assert!((0..19).all(|place| rows[0].is_beside(place, place + 1)));
    assert!(
        rows[2].is_beside(3, 4) && !rows[2].is_beside(4, 5),
        "an aisle in the middle"
    );
}

#[tokio::test]
async fn a_hold_that_has_expired_looks_free_at_its_deadline_and_not_before() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let until = shop.now() + SignedDuration::from_secs(300);
    take(&shop, &id, (0, 0, 1), Some(until)).await;
    take(&shop, &id, (0, 1, 2), None).await;
    assert_eq!(
        states(&shop.seat_map(&id).await),
        [Free, Held, Free, Free, Free, Free, Sold, Free]
    );
    assert_eq!(remaining(&shop.see(&id).await), [3, 3]);
    shop.advance(SignedDuration::from_millis(299_999));
    assert_eq!(states(&shop.seat_map(&id).await)[1], Held);
    shop.advance(SignedDuration::from_millis(1));
    assert_eq!(states(&shop.seat_map(&id).await)[1], Free);
}

#[tokio::test]
async fn a_function_derives_the_map_at_most_once_a_second() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let function = shop.handler("get-seat-map");
    let first = shop.call_with(&function, seat_map_call(&id)).await;
    assert_eq!(first.header("cache-control"), "public, max-age=1");
    take(&shop, &id, (0, 0, 0), None).await;
    shop.advance(SignedDuration::from_millis(999));
    assert_eq!(shop.call_with(&function, seat_map_call(&id)).await.body, first.body);
    shop.advance(SignedDuration::from_millis(1));
    let second = shop.call_with(&function, seat_map_call(&id)).await;
    assert_eq!(states(&second)[0], Sold);
    let known = seat_map_call(&id).header("if-none-match", second.header("etag"));
    assert_eq!(shop.call_with(&function, known).await.status, 304);
}

#[tokio::test]
async fn administrators_block_and_release_seats_once_for_each_request() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let blocked = shop
        .change_seats("block-seats", &id, "b", &["0-0-0", "0-0-1", "0-1-3"])
        .await;
    assert_eq!(blocked.status, 200, "{blocked:?}");
    assert_eq!(blocked.body["seats"][2], json!({ "seat": "0-1-3", "state": "BLOCKED" }));
    assert_eq!(
        states(&shop.seat_map(&id).await),
        [Blocked, Blocked, Free, Free, Free, Free, Free, Blocked]
    );
    assert_eq!(remaining(&shop.see(&id).await), [2, 3]);
    let more = shop.change_seats("block-seats", &id, "c", &["0-0-1", "0-0-2"]).await;
    assert_eq!(more.status, 200, "one is blocked already: {more:?}");
    let released = shop
        .change_seats("release-seats", &id, "r", &["0-0-0", "0-0-1", "0-0-3"])
        .await;
    assert_eq!(released.status, 200, "one is free already: {released:?}");
    let retried = shop
        .change_seats("block-seats", &id, "b", &["0-0-0", "0-0-1", "0-1-3"])
        .await;
    assert_eq!((retried.status, retried.replayed), (200, true));
    assert_eq!(
        retried.body["seats"][0]["state"], "FREE",
        "the retry blocks nothing again"
    );
    assert_eq!(
        states(&shop.seat_map(&id).await),
        [Free, Free, Blocked, Free, Free, Free, Free, Blocked]
    );
    let reused = shop.change_seats("block-seats", &id, "b", &["0-0-0"]).await;
    assert_eq!(seen(&reused), (422, "idempotency-key-reused"));
}

#[tokio::test]
async fn a_seat_that_is_held_or_sold_is_neither_blocked_nor_released() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let until = shop.now() + SignedDuration::from_secs(60);
    take(&shop, &id, (0, 0, 1), Some(until)).await;
    take(&shop, &id, (0, 1, 0), None).await;
    for action in ["block-seats", "release-seats"] {
        let refused = shop
            .change_seats(action, &id, action, &["0-0-0", "0-0-1", "0-1-0"])
            .await;
        assert_eq!(seen(&refused), (409, "seats-not-free"));
        let taken = json!([{ "seat": "0-0-1", "state": "HELD" }, { "seat": "0-1-0", "state": "SOLD" }]);
        assert_eq!(refused.body["seats"], taken);
    }
    assert_eq!(
        states(&shop.seat_map(&id).await),
        [Free, Held, Free, Free, Sold, Free, Free, Free],
        "nothing changed"
    );
}

#[tokio::test]
async fn a_release_whose_seat_was_released_by_its_duplicate_and_held_meanwhile_is_answered_as_its_retry() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    let change = |action: &'static str| shop.change_seats(action, &id, "same", &["0-0-1"]);
    assert_eq!(change("block-seats").await.status, 200);
    // Between the record of the request, which does not exist yet, and the rows.
    let hold = Hold::default();
    shop.engine.faults.plan("BatchGetItem", Fault::Held(hold.clone()));
    let second = async {
        hold.arrived().await;
        let answer = change("release-seats").await;
        take(&shop, &id, (0, 0, 1), Some(shop.now() + SignedDuration::from_secs(60))).await;
        hold.release();
        answer
    };
    let (first, second) = tokio::join!(change("release-seats"), second);
    assert_eq!((second.status, second.replayed), (200, false), "{second:?}");
    assert_eq!((first.status, first.replayed), (200, true), "{first:?}");
    assert_eq!(first.body["seats"], json!([{ "seat": "0-0-1", "state": "HELD" }]));
}

#[tokio::test]
async fn a_seat_that_is_sold_after_it_was_looked_at_is_not_blocked() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.on_sale(&hall).await;
    take(&shop, &id, (0, 1, 0), None).await;
    let store = SeatStore::new(&shop.platform()).unwrap();
    let (invocation, key) = (shop.invocation(), IdempotencyKey::parse(Some(b"k")).unwrap());
    let request = StoredRequest::new("test", &key, &CustomerId::new("ann"), &(), invocation.now).unwrap();
    let row = |row| RowKey { part: 0, row };
    let seats = [(row(0), vec![0, 1]), (row(1), vec![0, 1])].into();
    for change in [Change::Block, Change::Release] {
        let changed = store.change(id_of(&id), change, &seats, &request, invocation.deadline);
        assert!(!changed.await.unwrap(), "the condition of its row decides");
    }
    assert_eq!(store.earlier(&request, invocation.deadline).await.unwrap(), None);
    assert_eq!(
        states(&shop.seat_map(&id).await),
        [Free, Free, Free, Free, Sold, Free, Free, Free]
    );
}

#[tokio::test]
async fn a_draft_that_is_cancelled_stays_hidden() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let id = shop.showtime(&hall).await;
    // The second read of the layout fails: the seating is recorded, no seat is there.
    shop.s3.plan_served("GET");
    shop.s3.plan("GET", 403);
    assert_eq!(shop.publish(&id).await.status, 500);
    assert_eq!(shop.change(&id, &json!({ "status": "CANCELLED" })).await.status, 200);
    assert_eq!(seen(&shop.see(&id).await), (404, "not-found"));
    assert_eq!(seen(&shop.seat_map(&id).await), (404, "not-found"));
    let sold = shop.on_sale(&hall).await;
    assert_eq!(shop.change(&sold, &json!({ "status": "CANCELLED" })).await.status, 200);
    assert_eq!(
        shop.see(&sold).await.body["status"],
        "CANCELLED",
        "a customer with a ticket sees it"
    );
}

#[tokio::test]
async fn seats_that_do_not_exist_or_are_named_twice_are_refused() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let draft = shop.showtime(&hall).await;
    let early = shop.change_seats("block-seats", &draft, "k", &["0-0-0"]).await;
    assert_eq!(seen(&early), (409, "seats-missing"));
    let id = shop.on_sale(&hall).await;
    let unknown = shop
        .change_seats("block-seats", &id, "k", &["0-0-0", "0-0-4", "7-0-0"])
        .await;
    assert_eq!(
        (seen(&unknown), &unknown.body["seats"]),
        ((422, "unknown-seats"), &json!(["0-0-4", "7-0-0"]))
    );
    for (seats, status) in [(&[][..], 422), (&["0-0-0", "0-0-0"], 422), (&["A1"], 400)] {
        let refused = shop.change_seats("block-seats", &id, "k", seats).await;
        assert_eq!(refused.status, status, "{refused:?}");
    }
    assert_eq!(states(&shop.seat_map(&id).await), [Free; 8]);
}

#[tokio::test]
async fn a_house_of_10_000_seats_is_published_and_its_map_is_small() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 20, 20, 25).await;
    let id = shop.on_sale(&hall).await;
    let map = shop.seat_map(&id).await;
    assert_eq!(states(&map).len(), 10_000);
    assert!(map.body.to_string().len() <= 4096);
}

#[tokio::test]
async fn the_map_of_a_house_whose_seats_are_all_held_costs_few_read_units_and_bytes() {
    for (sections, read_units, kilobytes) in [(20, 50.0, 4), (100, 230.0, 17)] {
        let shop = TicketsFixture::open().await;
        let hall = shop.hall("Asia/Seoul", sections, 20, 25).await;
        let id = shop.on_sale(&hall).await;
        let until = taken(Some(shop.now() + SignedDuration::from_secs(300)));
        let row: HashMap<String, AttributeValue> =
            (0..25).map(|place: u8| (place.to_string(), until.clone())).collect();
        let fill = |part: usize, number: u16| {
            let update = shop.engine.direct.update_item().table_name(SEATS);
            let update = update
                .key("pk", AttributeValue::S(format!("SHOW#{id}#SEC#{part}")))
                .key("sk", AttributeValue::S(format!("ROW#{number:03}")))
                .condition_expression("attribute_exists(pk)")
                .update_expression("SET h = :all")
                .expression_attribute_values(":all", AttributeValue::M(row.clone()));
            update.send()
        };
        for part in 0..sections {
            for filled in join_all((0..20).map(|number| fill(part, number))).await {
                filled.unwrap();
            }
        }
        shop.engine.faults.measure();
        let map = shop.seat_map(&id).await;
        let cost = shop.engine.faults.cost();
        assert!(states(&map).iter().all(|&state| state == Held));
        let seats = sections * 500;
        println!(
            "the map of {seats} held seats: {} read units, {} bytes",
            cost.read_units,
            map.body.to_string().len()
        );
        assert!(cost.read_units <= read_units, "{seats} seats: {cost:?}");
        assert!(map.body.to_string().len() <= kilobytes * 1024, "{seats} seats");
    }
}

#[tokio::test]
async fn a_customer_sees_two_showtimes_of_one_plan_apart() {
    let shop = TicketsFixture::open().await;
    let hall = shop.hall("Asia/Seoul", 1, 2, 4).await;
    let one = shop.on_sale(&hall).await;
    let mut body: Value = showtime(&hall.plan);
    body["local_start"] = json!("2026-03-08T19:00:00");
    let other = shop
        .created("create-showtime", showtime_call(&hall.performance, &body))
        .await;
    let other = text(&other, "showtime_id");
    shop.publish(&other).await;
    take(&shop, &one, (0, 0, 0), None).await;
    assert_eq!(states(&shop.seat_map(&one).await)[0], Sold);
    assert_eq!(states(&shop.seat_map(&other).await)[0], Free);
}
