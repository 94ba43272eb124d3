//! About how many seats are free, in lists of showtimes.

use std::collections::HashMap;

use function_tests::tickets_fixture::text;
use function_tests::{TicketsFixture, changes};
use harness::gateway::{Answer, Call};
use jiff::SignedDuration;
use serde_json::Value;
use tickets::count_remaining_seats::{self, CountRemainingSeats};

use crate::general_admission::standing;
use crate::holds::{paid, selling};

/// Counts the seats of a showtime, as after a change of one of its rows.
async fn count(shop: &TicketsFixture, showtime: &str) {
    let function = CountRemainingSeats::new(&shop.platform()).expect("its variables");
    let changes = changes(&[format!("SHOW#{showtime}#SEC#0"), format!("SHOW#{showtime}#SEC#0")]);
    let counted = count_remaining_seats::handle(&function, changes, shop.invocation()).await;
    counted.expect("counted");
}

async fn listed(shop: &TicketsFixture, showtime: &str) -> Answer {
    let performance = text(&shop.see(showtime).await.body, "performance_id");
    let list = Call::new("GET", "/performances/{performance_id}/showtimes").path("performance_id", &performance);
    shop.call("list-showtimes", list).await
}

/// What the list says of each class, and when it was counted.
fn remaining(list: &Answer) -> (Vec<Value>, Value) {
    let showtime = &list.body["items"][0];
    let classes = showtime["classes"].as_array().unwrap().iter();
    let remaining = classes.map(|class| class["remaining"].clone());
    (remaining.collect(), showtime["counted_at"].clone())
}

fn second(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    time.as_second()
}

#[tokio::test]
async fn a_list_says_how_many_seats_of_each_class_were_free_when_they_were_counted() {
    let (shop, showtime) = selling(2, 4).await;
    let (before, at) = remaining(&listed(&shop, &showtime).await);
    assert_eq!(
        (before, at),
        (vec![Value::Null, Value::Null], Value::Null),
        "not counted yet"
    );
    count(&shop, &showtime).await;
    let of_house = remaining(&listed(&shop, &showtime).await);
    let all: u64 = of_house.0.iter().map(|seats| seats.as_u64().unwrap()).sum();
    assert_eq!((all, second(&of_house.1)), (8, shop.now().as_second()));
    let order = shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    paid(&shop, "ann", &order).await;
    shop.advance(SignedDuration::from_secs(5));
    assert_eq!(
        remaining(&listed(&shop, &showtime).await),
        of_house,
        "until the next count"
    );
    count(&shop, &showtime).await;
    let (after, counted_at) = remaining(&listed(&shop, &showtime).await);
    let details = shop.see(&showtime).await;
    let details: Vec<Value> = details.body["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| class["remaining"].clone())
        .collect();
    assert_eq!((after.clone(), second(&counted_at)), (details, shop.now().as_second()));
    assert_eq!(after.iter().map(|seats| seats.as_u64().unwrap()).sum::<u64>(), 6);
}

#[tokio::test]
async fn a_list_counts_the_places_of_general_admission_too() {
    let (shop, showtime) = standing(700).await;
    let held = shop.hold_places("ann", "k", &showtime, "B", 3).await;
    assert_eq!(held.status, 201, "{held:?}");
    count(&shop, &showtime).await;
    let (counted, _) = remaining(&listed(&shop, &showtime).await);
    assert_eq!(counted, [4, 4, 697]);
}

#[tokio::test]
async fn an_older_count_never_replaces_a_newer_one() {
    let (shop, showtime) = selling(2, 4).await;
    count(&shop, &showtime).await;
    let newest = remaining(&listed(&shop, &showtime).await);
    shop.hold("ann", "k", &showtime, &["0-0-0", "0-0-1"]).await;
    shop.advance(SignedDuration::from_secs(-60));
    count(&shop, &showtime).await;
    shop.advance(SignedDuration::from_secs(60));
    assert_eq!(remaining(&listed(&shop, &showtime).await), newest);
}

#[tokio::test]
async fn a_showtime_is_counted_once_a_batch_and_a_list_reads_all_counts_in_one_request() {
    let (shop, showtime) = selling(2, 4).await;
    shop.engine.faults.measure();
    count(&shop, &showtime).await;
    let requests = shop.engine.faults.cost().requests;
    let once = ["GetItem", "Query", "PutItem"].map(|name| (name.to_owned(), 1));
    assert_eq!(requests, HashMap::from(once));
    shop.engine.faults.measure();
    let list = listed(&shop, &showtime).await;
    assert_eq!(list.status, 200);
    let requests = shop.engine.faults.cost().requests;
    assert_eq!(requests.get("BatchGetItem"), Some(&1), "{requests:?}");
}
