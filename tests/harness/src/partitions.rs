//! Models DynamoDB's per-partition limits and transaction conflicts in front of the engine, which has neither.
//!
//! What it models (DynamoDB developer guide, "Burst and adaptive capacity" and "Transactions: how it works"; Idziorek
//! et al., "Distributed Transactions at Scale in Amazon DynamoDB", USENIX ATC 2023):
//!
//! - a partition key serves [`Limits::write_units`] and [`Limits::read_units`] per second, with [`Limits::burst`] saved;
//!   a transactional write costs two units per kilobyte, a consistent read one, any other read half of one;
//! - a transaction holds its items from prepare to commit ([`Limits::hold`]), and another transaction on one of them is
//!   canceled at once with `TransactionConflict`, at no cost;
//! - a request takes [`Limits::trip`] each way.
//!
//! It does not model indexes, partitions that several keys share, and table throughput. Under tokio's paused clock all
//! of this happens in virtual time: results depend on the seed, not on the machine.

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
    /// How long an idle key saves unused units.
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
    /// Write units of committed and refused transactions.
    pub write_units: f64,
    /// Read units consumed.
    pub read_units: f64,
}

#[derive(Debug, Default)]
struct State {
    keys: HashMap<Key, Partition>,
    seen: Seen,
}

/// A table's name and a partition key's value.
type Key = (String, String);

#[derive(Debug, Default)]
struct Partition {
    /// When all write units taken so far are served.
    written: Option<Instant>,
    read: Option<Instant>,
    /// The end of the transaction that holds the item.
    held: Option<Instant>,
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

    async fn serve(&self, operation: &str, body: Vec<u8>) -> RawResponse {
        sleep(within(&self.limits.trip)).await;
        let response = match operation {
            "TransactWriteItems" => self.write(body).await,
            "BatchGetItem" => self.read_batch(&body),
            // A read of one order by its key: no other request reads that key.
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
        let items: Vec<(Key, f64)> = list(&request["TransactItems"]).iter().map(written).collect();
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
    fn prepare(&self, items: &[(Key, f64)], hold: Duration) -> Option<RawResponse> {
        let now = Instant::now();
        let state = &mut *self.state.lock().expect("not poisoned");
        state.seen.transactions += 1;
        let held = |(key, _): &(Key, f64)| {
            state
                .keys
                .get(key)
                .is_some_and(|key| key.held.is_some_and(|end| end > now))
        };
        let conflicts: Vec<bool> = items.iter().map(held).collect();
        if conflicts.contains(&true) {
            state.seen.conflicts += 1;
            return Some(cancelled(&conflicts, "TransactionConflict"));
        }
        let rate = self.limits.write_units;
        let is_spent = |(key, units): &(Key, f64)| {
            let written = state.keys.get(key).and_then(|key| key.written);
            !has_units(written, now, *units, rate, self.limits.burst)
        };
        let spent: Vec<bool> = items.iter().map(is_spent).collect();
        if spent.contains(&true) {
            state.seen.throttled += 1;
            return Some(cancelled(&spent, "ThrottlingError"));
        }
        for (key, units) in items {
            let partition = state.keys.entry(key.clone()).or_default();
            partition.written = Some(taken(partition.written, now, *units, rate));
            partition.held = Some(now + hold);
            state.seen.write_units += units;
        }
        None
    }

    /// Reads the keys that have units left and returns the others as unprocessed.
    fn read_batch(&self, body: &[u8]) -> RawResponse {
        let now = Instant::now();
        let mut request: Value = serde_json::from_slice(body).expect("a batch is JSON");
        let state = &mut *self.state.lock().expect("not poisoned");
        state.seen.reads += 1;
        let mut left = json!({});
        let tables = request["RequestItems"].as_object_mut().expect("tables");
        for (table, wanted) in tables.iter_mut() {
            let units = if wanted["ConsistentRead"] == true { 1.0 } else { 0.5 };
            let keys = list(&wanted["Keys"]).to_vec();
            let (served, unserved): (Vec<Value>, Vec<Value>) = keys.into_iter().partition(|key| {
                let key = (table.clone(), text(&key["pk"]));
                let read = &mut state.keys.entry(key).or_default().read;
                let served = has_units(*read, now, units, self.limits.read_units, self.limits.burst);
                if served {
                    *read = Some(taken(*read, now, units, self.limits.read_units));
                    state.seen.read_units += units;
                }
                served
            });
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

/// Returns the key that a transaction's item writes and its cost in units.
fn written(item: &Value) -> (Key, f64) {
    let (kind, write) = item.as_object().and_then(|item| item.iter().next()).expect("a write");
    let table = write["TableName"].as_str().expect("a table").to_owned();
    let (pk, bytes) = match kind.as_str() {
        // Its JSON is slightly larger than the size that DynamoDB counts.
        "Put" => (text(&write["Item"]["pk"]), write["Item"].to_string().len()),
        // Stock items are far smaller than a kilobyte.
        _ => (text(&write["Key"]["pk"]), 1),
    };
    ((table, pk), 2.0 * bytes.div_ceil(1024) as f64)
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

    fn key(name: &str) -> (Key, f64) {
        (("stock".to_owned(), name.to_owned()), 2.0)
    }

    const HOLD: Duration = Duration::from_millis(4);

    #[tokio::test(start_paused = true)]
    async fn a_transaction_that_conflicts_is_canceled_and_succeeds_once_the_other_is_done() {
        let partitions = partitions();
        assert!(partitions.prepare(&[key("a"), key("b")], HOLD).is_none());
        let met = partitions.prepare(&[key("c"), key("b")], HOLD).unwrap();
        let met: Value = serde_json::from_slice(&met.body).unwrap();
        let codes: Vec<_> = list(&met["CancellationReasons"])
            .iter()
            .map(|reason| &reason["Code"])
            .collect();
        assert_eq!(codes, ["None", "TransactionConflict"]);
        assert!(
            partitions.prepare(&[key("c")], HOLD).is_none(),
            "none of its items was held"
        );
        sleep(HOLD).await;
        assert!(partitions.prepare(&[key("a"), key("b")], HOLD).is_none());
        assert_eq!((partitions.seen().transactions, partitions.seen().conflicts), (4, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_serves_500_transactional_writes_a_second_plus_its_burst() {
        let partitions = partitions();
        let second = Instant::now() + Duration::from_secs(1);
        let mut passed = 0;
        while Instant::now() < second {
            passed += u32::from(partitions.prepare(&[key("a")], Duration::ZERO).is_none());
            sleep(Duration::from_millis(1)).await;
        }
        assert!(
            (540..=560).contains(&passed),
            "{passed}: 500, and 50 of the burst of a tenth of a second"
        );
        assert!(
            partitions.prepare(&[key("b")], HOLD).is_none(),
            "the other key has units left"
        );
    }
}
