//! The relay from the tables' streams to the event bus.

use std::time::Duration;

use events::relay_events::{BatchResponse, RelayEvents, handle};
use harness::Services;
use harness::bus::FakeBus;
use harness::platform::variables;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::aws::Platform;
use shared::aws::lambda::Invocation;

/// Relays changes to the stand-in, in an invocation with this time limit.
async fn relay_within(bus: &FakeBus, records: Vec<Value>, time: Duration) -> Result<BatchResponse, shared::Error> {
    relay_at(CHANGED, bus, records, time).await
}

/// The time of the changes, in Unix seconds.
const CHANGED: i64 = 1_767_225_600;

async fn relay_at(
    second: i64,
    bus: &FakeBus,
    records: Vec<Value>,
    time: Duration,
) -> Result<BatchResponse, shared::Error> {
    let services = Services {
        bus: Some(bus.clone()),
        ..Services::default()
    };
    let platform = Platform::new(services.config(), variables());
    let function = RelayEvents::new(&platform).unwrap();
    let batch = serde_json::from_value(json!({ "Records": records })).expect("a batch of a stream");
    handle(
        &function,
        batch,
        Invocation::new(Timestamp::from_second(second).unwrap(), time),
    )
    .await
}

async fn relay(bus: &FakeBus, records: Vec<Value>) -> Vec<String> {
    let response = relay_within(bus, records, Duration::from_secs(20)).await.unwrap();
    failures(&response)
}

fn failures(response: &BatchResponse) -> Vec<String> {
    let failures = response.batch_item_failures.iter();
    failures
        .map(|failure| failure.item_identifier.clone().unwrap())
        .collect()
}

/// Builds a change of `entity` whose newest event is number `n`.
fn change(sequence: u32, entity: &str, n: u32) -> Value {
    record(sequence, entity, Some(event(n, &format!("{entity}/{n};"))), None)
}

fn event(n: u32, text: &str) -> Value {
    let id = format!("00000000-0000-7000-8000-{n:012}");
    let metadata = json!({ "id": id, "occurred_at": "2026-01-01T00:00:00Z", "version": 1, "trace": "Root=1-a" });
    let detail = json!({ "metadata": metadata, "data": text }).to_string();
    json!({ "M": {
        "id": { "S": id },
        "source": { "S": "madang.orders" },
        "detail_type": { "S": "OrderPlaced" },
        "detail": { "S": detail },
        "trace": { "S": "Root=1-a" },
    }})
}

fn record(sequence: u32, entity: &str, event: Option<Value>, before: Option<Value>) -> Value {
    let image = |event: Option<Value>| {
        let mut image = json!({ "pk": { "S": entity }, "version": { "N": "1" } });
        if let Some(event) = event {
            image["event"] = event;
        }
        image
    };
    json!({
        "eventID": "1",
        "eventName": "MODIFY",
        "awsRegion": "us-east-1",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": CHANGED as f64,
            "Keys": { "pk": { "S": entity } },
            "NewImage": image(event),
            "OldImage": image(before),
            "SequenceNumber": sequence.to_string(),
            "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

fn texts(bus: &FakeBus) -> Vec<String> {
    let published = bus.published();
    let details = published
        .iter()
        .map(|entry| serde_json::from_str::<Value>(entry["Detail"].as_str().unwrap()).unwrap());
    details
        .map(|detail| detail["data"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn events_are_published_ten_a_request_with_their_trace() {
    let bus = FakeBus::default();
    let changes = (0..25).map(|n| change(n, &format!("ORDER#{n}"), n)).collect();
    assert!(relay(&bus, changes).await.is_empty());
    assert_eq!(bus.requests(), [10, 10, 5]);
    let first = &bus.published()[0];
    assert_eq!(first["EventBusName"], "madang");
    assert_eq!(first["Source"], "madang.orders");
    assert_eq!(first["DetailType"], "OrderPlaced");
    assert_eq!(first["TraceHeader"], "Root=1-a");
}

#[tokio::test]
async fn a_failed_entry_is_retried_alone() {
    let bus = FakeBus::default();
    bus.refuse("ORDER#3/3;", "ThrottlingException");
    bus.refuse("ORDER#3/3;", "InternalFailure");
    let changes = (0..10).map(|n| change(n, &format!("ORDER#{n}"), n)).collect();
    assert!(relay(&bus, changes).await.is_empty());
    assert_eq!(bus.requests(), [10, 1, 1]);
    assert_eq!(bus.published().len(), 10);
}

#[tokio::test]
async fn events_of_one_entity_keep_their_order_when_one_fails() {
    let bus = FakeBus::default();
    bus.refuse("ORDER#a/1;", "ThrottlingException");
    let changes = vec![
        change(1, "ORDER#a", 1),
        change(2, "ORDER#b", 2),
        change(3, "ORDER#a", 3),
        change(4, "ORDER#a", 4),
    ];
    assert!(relay(&bus, changes).await.is_empty());
    let of_a: Vec<String> = texts(&bus).into_iter().filter(|text| text.contains("#a")).collect();
    assert_eq!(of_a, ["ORDER#a/1;", "ORDER#a/3;", "ORDER#a/4;"]);
}

#[tokio::test]
async fn an_event_that_keeps_failing_is_reported_and_no_later_event_is_sent_first() {
    let bus = FakeBus::default();
    for _ in 0..1000 {
        bus.refuse("ORDER#7/7;", "ThrottlingException");
    }
    let changes: Vec<Value> = (0..30).map(|n| change(n, &format!("ORDER#{n}"), n)).collect();
    let response = relay_within(&bus, changes, Duration::from_millis(300)).await.unwrap();
    assert_eq!(failures(&response), ["7"]);
    assert_eq!(bus.published().len(), 9, "nothing after the failed request was sent");
}

#[tokio::test]
async fn an_outage_of_the_bus_is_waited_out_or_reported() {
    let bus = FakeBus::default();
    bus.fail(3);
    assert!(relay(&bus, vec![change(1, "ORDER#a", 1)]).await.is_empty());
    assert_eq!(bus.published().len(), 1);
    bus.fail(100_000);
    let changes = vec![change(2, "ORDER#b", 2)];
    let response = relay_within(&bus, changes, Duration::from_millis(200)).await.unwrap();
    assert_eq!(failures(&response), ["2"]);
}

#[tokio::test]
async fn a_change_without_a_new_event_is_not_published_again() {
    let bus = FakeBus::default();
    let same = event(1, "x");
    let changes = vec![
        record(1, "STOCK#tea#0", None, None),
        record(2, "ORDER#a", Some(same.clone()), Some(same.clone())),
        record(3, "ORDER#a", Some(event(2, "new")), Some(same)),
    ];
    assert!(relay(&bus, changes).await.is_empty());
    assert_eq!(texts(&bus), ["new"]);
}

#[tokio::test]
async fn an_event_that_the_bus_never_accepts_goes_to_the_queue_and_the_rest_continues() {
    let bus = FakeBus::default();
    bus.refuse("ORDER#b/2;", "MalformedDetail");
    let huge = event(3, &"x".repeat(300_000));
    let mut unreadable = event(5, "x");
    unreadable["M"]["id"] = json!({ "S": "not a uuid" });
    let changes = vec![
        change(1, "ORDER#a", 1),
        change(2, "ORDER#b", 2),
        record(3, "ORDER#c", Some(huge), None),
        change(4, "ORDER#d", 4),
        record(5, "ORDER#e", Some(unreadable), None),
    ];
    assert!(relay(&bus, changes).await.is_empty());
    assert_eq!(texts(&bus), ["ORDER#a/1;", "ORDER#d/4;"]);
    let mut kept: Vec<String> = bus
        .queued()
        .iter()
        .map(|message| message["entity"].as_str().unwrap().to_owned())
        .collect();
    kept.sort_unstable();
    assert_eq!(kept, ["ORDER#b", "ORDER#c", "ORDER#e"]);
}

#[tokio::test]
async fn an_event_that_cannot_be_queued_is_retried_and_blocks_no_earlier_event() {
    let bus = FakeBus::default();
    bus.stop_queue();
    let mut unreadable = event(5, "x");
    unreadable["M"]["id"] = json!({ "S": "not a uuid" });
    let changes = vec![
        change(1, "ORDER#a", 1),
        record(2, "ORDER#b", Some(unreadable), None),
        change(3, "ORDER#c", 3),
    ];
    assert_eq!(relay(&bus, changes).await, ["2"]);
    assert_eq!(texts(&bus)[0], "ORDER#a/1;");
}

#[tokio::test]
async fn an_event_after_a_failure_is_queued_once_however_often_the_batch_is_delivered() {
    let bus = FakeBus::default();
    for _ in 0..1000 {
        bus.refuse("ORDER#a/1;", "ThrottlingException");
    }
    let huge = event(2, &"x".repeat(300_000));
    for _ in 0..3 {
        let changes = vec![change(1, "ORDER#a", 1), record(2, "ORDER#b", Some(huge.clone()), None)];
        let response = relay_within(&bus, changes, Duration::from_millis(100)).await.unwrap();
        assert_eq!(failures(&response), ["1"]);
    }
    assert!(bus.queued().is_empty());
}

#[tokio::test]
async fn an_entry_that_fails_its_whole_request_is_found_and_queued() {
    let bus = FakeBus::default();
    bus.refuse_requests_with("ORDER#b/2;");
    let changes = vec![
        change(1, "ORDER#a", 1),
        change(2, "ORDER#b", 2),
        change(3, "ORDER#c", 3),
    ];
    assert!(relay(&bus, changes).await.is_empty());
    assert_eq!(texts(&bus), ["ORDER#a/1;", "ORDER#c/3;"]);
    assert_eq!(bus.queued()[0]["entity"], "ORDER#b");
}

#[tokio::test]
async fn a_trace_that_the_bus_would_refuse_is_omitted() {
    let bus = FakeBus::default();
    let with_trace = |n: u32, trace: &str| {
        let mut event = event(n, "x");
        event["M"]["trace"]["S"] = json!(trace);
        record(n, &format!("ORDER#{n}"), Some(event), None)
    };
    let changes = vec![
        with_trace(1, ""),
        with_trace(2, &"x".repeat(501)),
        with_trace(3, &"x".repeat(500)),
    ];
    assert!(relay(&bus, changes).await.is_empty());
    let headers: Vec<bool> = bus
        .published()
        .iter()
        .map(|entry| entry["TraceHeader"].is_string())
        .collect();
    assert_eq!(headers, [false, false, true]);
}

#[tokio::test]
async fn a_silent_bus_or_queue_does_not_delay_the_report() {
    for silent in ["AWSEvents.PutEvents", "AmazonSQS.SendMessage"] {
        let bus = FakeBus::default();
        bus.never_answer(silent);
        bus.refuse("ORDER#a/1;", "MalformedDetail");
        let began = std::time::Instant::now();
        let response = relay_within(&bus, vec![change(1, "ORDER#a", 1)], Duration::from_millis(200))
            .await
            .unwrap();
        assert_eq!(failures(&response), ["1"], "{silent}");
        assert!(began.elapsed() < Duration::from_secs(3), "{silent} delayed the report");
    }
}

#[tokio::test]
async fn an_event_close_to_the_streams_retention_limit_is_queued_unchanged() {
    let bus = FakeBus::default();
    bus.fail(100_000);
    let short = Duration::from_millis(100);
    let changes = vec![change(1, "ORDER#a", 1), change(2, "ORDER#b", 2)];
    let early = relay_at(CHANGED + 20 * 3600, &bus, changes.clone(), short)
        .await
        .unwrap();
    assert_eq!((failures(&early), bus.queued().len()), (vec!["1".to_owned()], 0));
    let late = relay_at(CHANGED + 20 * 3600 + 1, &bus, changes, short).await.unwrap();
    // There may be time for one event per run only; the others are delivered again.
    assert!(!bus.queued().is_empty(), "{late:?}");
    assert!(
        bus.queued()[0]["event"]["detail"]
            .as_str()
            .unwrap()
            .contains("ORDER#a/1;")
    );
}
