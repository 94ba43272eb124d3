//! Models DynamoDB's per-partition limits and transaction conflicts in front of the engine, which has neither.
//!
//! What it models (DynamoDB developer guide, "Burst and adaptive capacity" and "Transactions: how it works"; Idziorek
//! et al., "Distributed Transactions at Scale in Amazon DynamoDB", USENIX ATC 2023):
//!
//! - a partition key serves [`Limits::write_units`] and [`Limits::read_units`] per second, with [`Limits::burst`] saved;
//!   a write costs one unit per kilobyte, a transactional one two, a consistent read one, any other read half of one;
//! - a table serves [`Limits::table_write_units`] and [`Limits::table_read_units`] in the same way, if they are set;
//! - a transaction holds its items from prepare to commit ([`Limits::hold`]), and another transaction on one of them is
//!   canceled at once with `TransactionConflict`, at no cost, and so is a write of one alone, or a read in a transaction. Items
//!   with the same partition key and different sort keys do not conflict;
//! - a request takes [`Limits::trip`] each way.
//!
//! A read of an item uses one unit, two in a transaction, since the items that are read in a race are smaller than 4 KB; queries use
//! none. It does not model indexes and partitions that several keys share. Under tokio's paused clock all of this happens in
//! virtual time: results depend on the seed, not on the machine.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::embedded::{Embedded, RawResponse, operation_of};

/// The modeled limits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Write units per second of a partition key.
    pub write_units: f64,
    /// Read units per second of a partition key.
    pub read_units: f64,
    /// Write units per second of each table. `None`: as many as its keys serve.
    pub table_write_units: Option<f64>,
    /// Read units per second of each table. `None`: as many as its keys serve.
    pub table_read_units: Option<f64>,
    /// How long an idle key or table saves unused units.
    pub burst: Duration,
    /// One-way latency of a request.
    pub trip: Range<Duration>,
    /// How long a transaction holds its items.
    pub hold: Range<Duration>,
}

impl Default for Limits {
    /// DynamoDB's limits and typical latencies: 3 ms for a read and 7 ms for a transaction on average.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            write_units: 1000.0,
            read_units: 3000.0,
            table_write_units: None,
            table_read_units: None,
            burst: ms(100),
            trip: ms(1)..ms(2),
            hold: ms(3)..ms(5),
        }
    }
}

/// The engine behind the limits.
#[derive(Clone, Debug)]
pub struct Partitions {
    engine: Embedded,
    limits: Limits,
    state: Arc<Mutex<State>>,
}

/// Counts of what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Write transactions received.
    pub transactions: u64,
    /// Write transactions committed.
    pub committed: u64,
    /// Write transactions canceled because of a conflict.
    pub conflicts: u64,
    /// Write transactions canceled because of a condition.
    pub refused: u64,
    /// Write transactions throttled.
    pub throttled: u64,
    /// Read requests received.
    pub reads: u64,
    /// Read requests throttled in whole or in part.
    pub throttled_reads: u64,
    /// Write units consumed, also by writes whose condition failed.
    pub write_units: f64,
    /// Read units consumed.
    pub read_units: f64,
}

#[derive(Debug, Default)]
struct State {
    tables: HashMap<String, Served>,
    keys: HashMap<Key, Served>,
    /// The end of the transaction that holds an item.
    held: HashMap<Place, Instant>,
    seen: Seen,
}

/// A table's name and a partition key's value.
type Key = (String, String);

/// An item: its partition key, and its sort key if the table has one.
type Place = (Key, Option<String>);

/// When all units taken so far of a key or a table are served.
#[derive(Debug, Default)]
struct Served {
    written: Option<Instant>,
    read: Option<Instant>,
}

impl Partitions {
    /// Puts an engine behind these limits.
    pub fn new(engine: Embedded, limits: Limits) -> Self {
        let state = Arc::default();
        Self { engine, limits, state }
    }

    /// Returns the counts so far.
    pub fn seen(&self) -> Seen {
        self.state.lock().expect("not poisoned").seen
    }

    /// Serves `operation` (such as `GetItem`) within the limits.
    pub async fn serve(&self, operation: &str, body: Vec<u8>) -> RawResponse {
        sleep(within(&self.limits.trip)).await;
        let response = match operation {
            "TransactWriteItems" => self.write(body).await,
            "BatchGetItem" => self.read_batch(&body),
            "GetItem" => self.read_one(&body),
            "TransactGetItems" => self.read_transaction(&body),
            "DeleteItem" | "PutItem" | "UpdateItem" => self.write_one(operation, &body),
            // Few functions query in a race.
            _ => {
                self.state.lock().expect("not poisoned").seen.reads += 1;
                self.engine.serve(operation, &body)
            }
        };
        sleep(within(&self.limits.trip)).await;
        response
    }

    async fn write(&self, body: Vec<u8>) -> RawResponse {
        let request: Value = serde_json::from_slice(&body).expect("a transaction is JSON");
        let items: Vec<(Place, f64)> = list(&request["TransactItems"]).iter().map(written).collect();
        let hold = within(&self.limits.hold);
        if let Some(cancelled) = self.prepare(&items, hold) {
            return cancelled;
        }
        sleep(hold).await;
        let response = self.engine.serve("TransactWriteItems", &body);
        let mut state = self.state.lock().expect("not poisoned");
        if response.status == 200 {
            state.seen.committed += 1;
        } else {
            state.seen.refused += 1;
        }
        response
    }

    /// Takes the items' units and holds the items, or returns the refusal.
    fn prepare(&self, items: &[(Place, f64)], hold: Duration) -> Option<RawResponse> {
        let state = &mut *self.state.lock().expect("not poisoned");
        state.seen.transactions += 1;
        match state.take_writes(items, &self.limits) {
            Ok(()) => {
                let end = Instant::now() + hold;
                state.held.extend(items.iter().map(|(place, _)| (place.clone(), end)));
                None
            }
            Err(Refusal::Met(conflicts)) => {
                state.seen.conflicts += 1;
                Some(cancelled(&conflicts, "TransactionConflict"))
            }
            Err(Refusal::Spent(spent)) => {
                state.seen.throttled += 1;
                Some(cancelled(&spent, "ThrottlingError"))
            }
        }
    }

    /// Writes one item alone.
    fn write_one(&self, operation: &str, body: &[u8]) -> RawResponse {
        let request: Value = serde_json::from_slice(body).expect("a write is JSON");
        let kind = operation.trim_end_matches("Item");
        let (place, units) = written(&json!({ kind: request }));
        let taken = {
            let state = &mut *self.state.lock().expect("not poisoned");
            state.take_writes(&[(place, units / 2.0)], &self.limits)
        };
        match taken {
            Ok(()) => self.engine.serve(operation, body),
            Err(Refusal::Met(_)) => error("TransactionConflictException", json!({})),
            Err(Refusal::Spent(_)) => error("ProvisionedThroughputExceededException", json!({})),
        }
    }

    /// Reads one item.
    fn read_one(&self, body: &[u8]) -> RawResponse {
        let request: Value = serde_json::from_slice(body).expect("a read is JSON");
        let units = if request["ConsistentRead"] == true { 1.0 } else { 0.5 };
        let has_units = {
            let state = &mut *self.state.lock().expect("not poisoned");
            state.seen.reads += 1;
            let has_units = state.take_read(place(&request, &request["Key"]).0, units, &self.limits);
            state.seen.throttled_reads += u64::from(!has_units);
            has_units
        };
        if has_units {
            self.engine.serve("GetItem", body)
        } else {
            error("ProvisionedThroughputExceededException", json!({}))
        }
    }

    /// Reads items in a transaction.
    fn read_transaction(&self, body: &[u8]) -> RawResponse {
        let request: Value = serde_json::from_slice(body).expect("a transaction is JSON");
        let reads = list(&request["TransactItems"]).iter().map(|item| &item["Get"]);
        let places: Vec<Place> = reads.map(|read| place(read, &read["Key"])).collect();
        let refused = {
            let now = Instant::now();
            let state = &mut *self.state.lock().expect("not poisoned");
            state.seen.reads += 1;
            let conflicts: Vec<bool> = places.iter().map(|place| state.is_held(place, now)).collect();
            if conflicts.contains(&true) {
                Some(cancelled(&conflicts, "TransactionConflict"))
            } else {
                let mut take = |place: &Place| !state.take_read(place.0.clone(), 2.0, &self.limits);
                let spent: Vec<bool> = places.iter().map(&mut take).collect();
                spent.contains(&true).then(|| {
                    state.seen.throttled_reads += 1;
                    cancelled(&spent, "ThrottlingError")
                })
            }
        };
        refused.unwrap_or_else(|| self.engine.serve("TransactGetItems", body))
    }

    /// Reads the keys that have units left and returns the others as unprocessed.
    fn read_batch(&self, body: &[u8]) -> RawResponse {
        let mut request: Value = serde_json::from_slice(body).expect("a batch is JSON");
        let state = &mut *self.state.lock().expect("not poisoned");
        state.seen.reads += 1;
        let mut left = json!({});
        let tables = request["RequestItems"].as_object_mut().expect("tables");
        for (table, wanted) in tables.iter_mut() {
            let units = if wanted["ConsistentRead"] == true { 1.0 } else { 0.5 };
            let keys = list(&wanted["Keys"]).to_vec();
            let (served, unserved): (Vec<Value>, Vec<Value>) = keys
                .into_iter()
                .partition(|key| state.take_read((table.clone(), text(&key["pk"])), units, &self.limits));
            if !unserved.is_empty() {
                left[table.as_str()] = json!({ "Keys": unserved, "ConsistentRead": wanted["ConsistentRead"] == true });
            }
            wanted["Keys"] = json!(served);
        }
        tables.retain(|_, wanted| !list(&wanted["Keys"]).is_empty());
        let is_whole = left.as_object().is_some_and(serde_json::Map::is_empty);
        if tables.is_empty() {
            state.seen.throttled_reads += 1;
            return error("ProvisionedThroughputExceededException", json!({}));
        }
        let response = self.engine.serve("BatchGetItem", request.to_string().as_bytes());
        if is_whole || response.status != 200 {
            return response;
        }
        state.seen.throttled_reads += 1;
        let mut answer: Value = serde_json::from_slice(&response.body).expect("the engine's answer");
        answer["UnprocessedKeys"] = left;
        RawResponse::new(200, answer.to_string())
    }
}

/// Why a write is refused: for each item, whether it is a cause.
enum Refusal {
    /// It meets a transaction.
    Met(Vec<bool>),
    /// A key or a table has no units left.
    Spent(Vec<bool>),
}

impl State {
    /// Whether a transaction holds an item.
    fn is_held(&self, place: &Place, now: Instant) -> bool {
        self.held.get(place).is_some_and(|end| *end > now)
    }

    /// Takes the units of writes from their keys and tables, if no transaction holds one of the items and all have them.
    fn take_writes(&mut self, items: &[(Place, f64)], limits: &Limits) -> Result<(), Refusal> {
        let now = Instant::now();
        let conflicts: Vec<bool> = items.iter().map(|(place, _)| self.is_held(place, now)).collect();
        if conflicts.contains(&true) {
            return Err(Refusal::Met(conflicts));
        }
        let (mut of_keys, mut of_tables): (HashMap<&Key, f64>, HashMap<&str, f64>) = Default::default();
        for ((key, _), units) in items {
            *of_keys.entry(key).or_default() += units;
            *of_tables.entry(&key.0).or_default() += units;
        }
        let is_spent = |((key, _), _): &(Place, f64)| {
            let of_key = self.keys.get(key).and_then(|served| served.written);
            let of_table = self.tables.get(&key.0).and_then(|served| served.written);
            let table_rate = limits.table_write_units;
            !has_units(of_key, now, of_keys[key], limits.write_units, limits.burst)
                || table_rate
                    .is_some_and(|rate| !has_units(of_table, now, of_tables[key.0.as_str()], rate, limits.burst))
        };
        let spent: Vec<bool> = items.iter().map(is_spent).collect();
        if spent.contains(&true) {
            return Err(Refusal::Spent(spent));
        }
        for ((key, _), units) in items {
            let of_key = &mut self.keys.entry(key.clone()).or_default().written;
            *of_key = Some(taken(*of_key, now, *units, limits.write_units));
            if let Some(rate) = limits.table_write_units {
                let of_table = &mut self.tables.entry(key.0.clone()).or_default().written;
                *of_table = Some(taken(*of_table, now, *units, rate));
            }
            self.seen.write_units += units;
        }
        Ok(())
    }

    /// Takes the units of a read from its key and its table, if both have them.
    fn take_read(&mut self, key: Key, units: f64, limits: &Limits) -> bool {
        let now = Instant::now();
        let of_table = &mut self.tables.entry(key.0.clone()).or_default().read;
        let of_key = &mut self.keys.entry(key).or_default().read;
        let table_rate = limits.table_read_units;
        let has = has_units(*of_key, now, units, limits.read_units, limits.burst)
            && table_rate.is_none_or(|rate| has_units(*of_table, now, units, rate, limits.burst));
        if has {
            *of_key = Some(taken(*of_key, now, units, limits.read_units));
            *of_table = table_rate.map(|rate| taken(*of_table, now, units, rate));
            self.seen.read_units += units;
        }
        has
    }
}

/// Whether a key that serves `rate` units per second has `units` left; `served` is when the units taken so far are
/// served.
fn has_units(served: Option<Instant>, now: Instant, units: f64, rate: f64, burst: Duration) -> bool {
    let behind = served.unwrap_or(now).max(now) - now;
    behind + Duration::from_secs_f64(units / rate) <= burst
}

/// Returns when all units are served after `units` more are taken.
fn taken(served: Option<Instant>, now: Instant, units: f64, rate: f64) -> Instant {
    served.unwrap_or(now).max(now) + Duration::from_secs_f64(units / rate)
}

/// Returns the item that a transaction writes or checks, and its cost in units.
fn written(item: &Value) -> (Place, f64) {
    let (kind, write) = item.as_object().and_then(|item| item.iter().next()).expect("a write");
    let (key, bytes) = match kind.as_str() {
        // Its JSON is slightly larger than the size that DynamoDB counts.
        "Put" => (&write["Item"], write["Item"].to_string().len()),
        // Stock items and rows of seats have at most a kilobyte.
        _ => (&write["Key"], 1),
    };
    (place(write, key), 2.0 * bytes.div_ceil(1024) as f64)
}

/// Returns the item of a request that has this key.
fn place(request: &Value, key: &Value) -> Place {
    let table = request["TableName"].as_str().expect("a table").to_owned();
    ((table, text(&key["pk"])), key.get("sk").map(text))
}

fn cancelled(items: &[bool], code: &str) -> RawResponse {
    let reasons: Vec<Value> = items
        .iter()
        .map(|is_cause| json!({ "Code": if *is_cause { code } else { "None" } }))
        .collect();
    error(
        "TransactionCanceledException",
        json!({ "CancellationReasons": reasons }),
    )
}

fn error(code: &str, mut body: Value) -> RawResponse {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    body["message"] = json!(code);
    RawResponse::new(400, body.to_string())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(attribute: &Value) -> String {
    attribute["S"].as_str().expect("a text attribute").to_owned()
}

fn within(range: &Range<Duration>) -> Duration {
    range.start + (range.end - range.start).mul_f64(fastrand::f64())
}

impl HttpClient for Partitions {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Partitions {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        let operation = operation_of(&request).to_owned();
        let body = request.body().bytes().expect("a body in memory").to_vec();
        HttpConnectorFuture::new(async move { Ok(HttpResponse::from(this.serve(&operation, body).await)) })
    }
}

impl Partitions {
    /// Returns an HTTP client for the SDK.
    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions() -> Partitions {
        Partitions::new(Embedded::new(), Limits::default())
    }

    fn limited(table_write_units: f64) -> Partitions {
        let limits = Limits {
            table_write_units: Some(table_write_units),
            ..Limits::default()
        };
        Partitions::new(Embedded::new(), limits)
    }

    fn key(name: &str) -> (Place, f64) {
        ((("stock".to_owned(), name.to_owned()), None), 2.0)
    }

    fn row(part: &str, row: &str) -> (Place, f64) {
        ((("seats".to_owned(), part.to_owned()), Some(row.to_owned())), 2.0)
    }

    const HOLD: Duration = Duration::from_millis(4);

    /// The codes of a cancelled transaction.
    fn codes(cancelled: RawResponse) -> Vec<String> {
        let cancelled: Value = serde_json::from_slice(&cancelled.body).unwrap();
        let reasons = list(&cancelled["CancellationReasons"]).iter();
        reasons
            .map(|reason| reason["Code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How many of the writes that `next` makes, one a millisecond, pass within a second.
    async fn passed_in_a_second(partitions: &Partitions, mut next: impl FnMut() -> (Place, f64)) -> u32 {
        let second = Instant::now() + Duration::from_secs(1);
        let mut passed = 0;
        while Instant::now() < second {
            passed += u32::from(partitions.prepare(&[next()], Duration::ZERO).is_none());
            sleep(Duration::from_millis(1)).await;
        }
        passed
    }

    #[tokio::test(start_paused = true)]
    async fn a_transaction_that_conflicts_is_canceled_and_succeeds_once_the_other_is_done() {
        let partitions = partitions();
        assert!(partitions.prepare(&[key("a"), key("b")], HOLD).is_none());
        let met = partitions.prepare(&[key("c"), key("b")], HOLD).unwrap();
        assert_eq!(codes(met), ["None", "TransactionConflict"]);
        assert!(
            partitions.prepare(&[key("c")], HOLD).is_none(),
            "none of its items was held"
        );
        sleep(HOLD).await;
        assert!(partitions.prepare(&[key("a"), key("b")], HOLD).is_none());
        assert_eq!((partitions.seen().transactions, partitions.seen().conflicts), (4, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn transactions_conflict_on_an_item_and_not_on_its_partition_key() {
        let partitions = partitions();
        assert!(partitions.prepare(&[row("a", "1")], HOLD).is_none());
        assert!(partitions.prepare(&[row("a", "2")], HOLD).is_none(), "another row");
        assert!(partitions.prepare(&[row("b", "1")], HOLD).is_none(), "another part");
        let met = partitions.prepare(&[row("a", "3"), row("a", "2")], HOLD).unwrap();
        assert_eq!(codes(met), ["None", "TransactionConflict"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_serves_500_transactional_writes_a_second_plus_its_burst() {
        let partitions = partitions();
        let passed = passed_in_a_second(&partitions, || key("a")).await;
        assert!(
            (540..=560).contains(&passed),
            "{passed}: 500, and 50 of the burst of a tenth of a second"
        );
        assert!(
            partitions.prepare(&[key("b")], HOLD).is_none(),
            "the other key has units left"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_items_of_a_partition_key_share_its_units() {
        let partitions = partitions();
        let mut number = 0;
        let next = || {
            number += 1;
            row("a", &number.to_string())
        };
        let passed = passed_in_a_second(&partitions, next).await;
        assert!((540..=560).contains(&passed), "{passed}");
        let rows: Vec<(Place, f64)> = (0..100).map(|number| row("b", &number.to_string())).collect();
        let spent = partitions.prepare(&rows, HOLD).unwrap();
        assert!(
            codes(spent).iter().all(|code| code == "ThrottlingError"),
            "200 units at once are more than the burst"
        );
        assert!(partitions.prepare(&rows[..50], HOLD).is_none(), "and 100 are not");
    }

    #[tokio::test(start_paused = true)]
    async fn the_keys_of_a_table_share_its_units() {
        let partitions = limited(400.0);
        let mut number = 0;
        let next = || {
            number += 1;
            row(&number.to_string(), "1")
        };
        let passed = passed_in_a_second(&partitions, next).await;
        assert!(
            (210..=230).contains(&passed),
            "{passed}: 200, and 20 of the burst of a tenth of a second"
        );
        let mut more = (0..9).map(|number| row(&format!("more-{number}"), "1"));
        assert!(
            more.any(|item| partitions.prepare(&[item], HOLD).is_some()),
            "no units are left"
        );
        let spent = partitions.prepare(&[row("new", "1"), key("a")], HOLD).unwrap();
        assert_eq!(codes(spent), ["ThrottlingError", "None"]);
        assert!(
            partitions.prepare(&[key("a")], HOLD).is_none(),
            "the other table has units left"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_reads_as_many_units_as_it_may_whatever_its_keys() {
        let limits = Limits {
            table_read_units: Some(200.0),
            ..Limits::default()
        };
        let mut state = State::default();
        let key = |number: u32| ("seats".to_owned(), number.to_string());
        let passed = (0..100).filter(|&number| state.take_read(key(number), 1.0, &limits));
        assert_eq!(passed.count(), 20, "the burst of a tenth of a second");
        assert!(state.take_read(("orders".to_owned(), "a".to_owned()), 1.0, &limits));
        sleep(Duration::from_millis(50)).await;
        let passed = (0..100).filter(|&number| state.take_read(key(number), 0.5, &limits));
        assert_eq!(passed.count(), 20, "10 units, half of one for each read");
    }

    #[tokio::test(start_paused = true)]
    async fn what_writes_an_item_alone_or_reads_it_in_a_transaction_meets_the_transaction_that_holds_it() {
        let engine = Embedded::new();
        let table = json!({
            "TableName": "stock",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        assert_eq!(engine.serve("CreateTable", table.to_string().as_bytes()).status, 200);
        let partitions = Partitions::new(engine, Limits::default());
        let named = json!({ "TableName": "stock", "Key": { "pk": { "S": "a" } } });
        let update = json!({
            "TableName": "stock", "Key": { "pk": { "S": "a" } }, "UpdateExpression": "ADD units :one",
            "ExpressionAttributeValues": { ":one": { "N": "1" } },
        });
        let put = json!({ "TableName": "stock", "Item": { "pk": { "S": "a" }, "text": { "S": "x".repeat(1024) } } });
        let get = json!({ "TransactItems": [{ "Get": named }] });
        let serve =
            async |operation: &str, body: &Value| partitions.serve(operation, body.to_string().into_bytes()).await;
        assert!(partitions.prepare(&[key("a")], Duration::from_secs(1)).is_none());
        for (operation, body) in [("UpdateItem", &update), ("PutItem", &put), ("TransactGetItems", &get)] {
            assert_eq!(serve(operation, body).await.status, 400, "{operation}");
        }
        assert_eq!(serve("GetItem", &named).await.status, 200, "a read ignores it");
        let before = partitions.seen();
        sleep(Duration::from_secs(1)).await;
        for (operation, body) in [("UpdateItem", &update), ("PutItem", &put), ("TransactGetItems", &get)] {
            assert_eq!(serve(operation, body).await.status, 200, "{operation}");
        }
        let seen = partitions.seen();
        let used = |now: f64, before: f64| now - before;
        assert_eq!(
            (
                used(seen.write_units, before.write_units),
                used(seen.read_units, before.read_units)
            ),
            (3.0, 2.0),
            "one for the update, two for the put of more than a kilobyte, two for the read"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_of_an_item_takes_units_of_its_key() {
        let partitions = partitions();
        let read = |is_consistent: bool| {
            json!({ "TableName": "stock", "Key": { "pk": { "S": "a" } }, "ConsistentRead": is_consistent }).to_string()
        };
        for _ in 0..300 {
            partitions.read_one(read(true).as_bytes());
        }
        assert_eq!(partitions.seen().throttled_reads, 0, "the burst of a tenth of a second");
        partitions.read_one(read(false).as_bytes());
        assert_eq!(partitions.seen().throttled_reads, 1);
        assert!((partitions.seen().read_units - 300.0).abs() < 0.01);
    }

    #[test]
    fn a_write_names_its_item_with_the_sort_key_and_costs_two_units_a_kilobyte() {
        let update = json!({ "Update": { "TableName": "seats", "Key": { "pk": { "S": "a" }, "sk": { "S": "1" } } } });
        assert_eq!(written(&update), row("a", "1"));
        let item = json!({ "pk": { "S": "a" }, "text": { "S": "x".repeat(1024) } });
        let (place, units) = written(&json!({ "Put": { "TableName": "stock", "Item": item } }));
        assert_eq!((place, units), (key("a").0, 4.0));
    }
}
