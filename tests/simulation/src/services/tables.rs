//! DynamoDB: the engine, with a stream for each table.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use harness::embedded::{Embedded, RawResponse};
use harness::engine::{
    ACCOUNTS, AUCTIONS, CATALOG, COUPONS, FULFILLMENT, IMAGES, ORDERS, PAYMENTS, SEATS, SHOWS, SUBSCRIPTIONS, TICKETS,
};
use harness::{Engine, Fault};
use serde_json::{Value, json};
use shared::tickets::ShowKind;
use tokio::sync::Notify;

use super::json_of;
use super::stock_changes::{StockChanges, StreamShard};
use crate::attribution;
use crate::mutant::Mutant;

/// The tables with streams.
pub const TABLES: [&str; 11] = [
    ACCOUNTS,
    AUCTIONS,
    CATALOG,
    COUPONS,
    FULFILLMENT,
    IMAGES,
    ORDERS,
    PAYMENTS,
    SHOWS,
    SUBSCRIPTIONS,
    TICKETS,
];

/// The tables and their streams.
#[derive(Debug)]
pub struct Tables {
    engine: Embedded,
    changes: [Changes; TABLES.len()],
    stock_changes: StockChanges,
    order_changes: Arc<StreamShard>,
    erasures: Arc<StreamShard>,
    seat_changes: Arc<StreamShard>,
    show_changes: Arc<StreamShard>,
    writes: AtomicU64,
    misattributed: Mutex<Vec<String>>,
}

/// The pending records of one table's stream.
#[derive(Debug)]
pub struct Changes {
    /// The table's name.
    pub table: &'static str,
    /// The last image of each item with an event.
    images: Mutex<HashMap<String, Value>>,
    /// The ids of all events. A repeated transaction is accepted again, also after later writes.
    events: Mutex<HashSet<String>>,
    waiting: Mutex<Vec<Value>>,
    count: AtomicU64,
    invented: Mutex<Vec<Value>>,
    ready: Notify,
}

impl Tables {
    /// Creates empty tables.
    pub async fn create() -> Self {
        let engine = Embedded::new();
        harness::engine::create_tables(&Engine::embedded(engine.clone()).direct).await;
        let changes = TABLES.map(|table| Changes {
            table,
            images: Mutex::default(),
            events: Mutex::default(),
            waiting: Mutex::default(),
            count: AtomicU64::new(0),
            invented: Mutex::default(),
            ready: Notify::new(),
        });
        Self {
            engine,
            changes,
            stock_changes: StockChanges::default(),
            order_changes: Arc::default(),
            erasures: Arc::default(),
            seat_changes: Arc::default(),
            show_changes: Arc::default(),
            writes: AtomicU64::new(0),
            misattributed: Mutex::default(),
        }
    }

    /// Returns every item of a table, for audits.
    pub fn items(&self, table: &str) -> Vec<Value> {
        self.engine.items(table)
    }

    /// Returns the item with this key, for audits.
    pub fn item(&self, table: &str, pk: &str) -> Option<Value> {
        self.engine.item(table, pk)
    }

    /// Returns the number of writes.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Returns the streams, one per table.
    pub const fn changes(&self) -> &[Changes; TABLES.len()] {
        &self.changes
    }

    /// Returns the part of the catalog table's stream that `watch-products` receives.
    pub const fn stock_changes(&self) -> &StockChanges {
        &self.stock_changes
    }

    /// Returns the part of the orders table's stream that `index-orders` receives.
    pub const fn order_changes(&self) -> &Arc<StreamShard> {
        &self.order_changes
    }

    /// Returns the part of the accounts table's stream that `erase-lookups` receives.
    pub const fn erasures(&self) -> &Arc<StreamShard> {
        &self.erasures
    }

    /// Returns the part of the seats table's stream that `count-remaining-seats` receives.
    pub const fn seat_changes(&self) -> &Arc<StreamShard> {
        &self.seat_changes
    }

    /// Returns the part of the shows table's stream that `watch-shows` receives.
    pub const fn show_changes(&self) -> &Arc<StreamShard> {
        &self.show_changes
    }

    /// Returns the events since the last call that name a wrong actor.
    pub fn misattributed(&self) -> Vec<String> {
        std::mem::take(&mut *self.misattributed.lock().expect("not poisoned"))
    }

    /// Serves an operation that `function` requested.
    pub fn serve(&self, operation: &str, body: &[u8], function: &str, mutant: Option<Mutant>) -> RawResponse {
        let Some(mutant) = mutant.filter(|mutant| mutant.reads_requests()) else {
            let response = self.engine.serve(operation, body);
            if let (400, "TransactWriteItems", Some(Mutant::EventInvented)) = (response.status, operation, mutant) {
                self.invent(body);
            }
            self.record_changes(operation, &response, function, || json_of(body));
            return response;
        };
        let mut request = json_of(body);
        mutant.break_request(&mut request);
        let mut response = self.engine.serve(operation, request.to_string().as_bytes());
        if matches!(operation, "GetItem" | "Query" | "BatchGetItem") && response.status == 200 {
            let mut answer = json_of(&response.body);
            mutant.break_answer(&mut answer);
            response.body = answer.to_string().into_bytes();
        }
        self.record_changes(operation, &response, function, || request);
        response
    }

    /// Returns the items of a partition, without leaving a trace.
    pub fn partition(&self, table: &str, pk: &str) -> Vec<Value> {
        let query = json!({
            "TableName": table, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": { ":pk": { "S": pk } },
        });
        let response = self.engine.serve("Query", query.to_string().as_bytes());
        json_of(&response.body)["Items"].as_array().cloned().unwrap_or_default()
    }

    /// Adds a write's changes to the streams. The engine's own streams are not used because they become slower with
    /// every record. Requests are served atomically, so the result is the same.
    fn record_changes(&self, operation: &str, response: &RawResponse, function: &str, request: impl FnOnce() -> Value) {
        let is_write = !matches!(
            operation,
            "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan"
        );
        if !is_write || response.status != 200 {
            return;
        }
        self.writes.fetch_add(1, Ordering::Relaxed);
        match operation {
            "PutItem" | "UpdateItem" => self.record_write(request(), function),
            "TransactWriteItems" => {
                for item in request()["TransactItems"].as_array_mut().into_iter().flatten() {
                    for kind in ["Put", "Update"] {
                        if let Some(write) = item.get_mut(kind) {
                            self.record_write(write.take(), function);
                        }
                    }
                }
            }
            // A deletion carries no event.
            _ => {}
        }
    }

    fn record_write(&self, mut write: Value, function: &str) {
        if write["TableName"] == SEATS {
            let key = if write["Item"].is_object() {
                &write["Item"]
            } else {
                &write["Key"]
            };
            let [pk, sk] = ["pk", "sk"].map(|name| key[name]["S"].as_str().unwrap_or_default());
            if sk.starts_with("ROW#") {
                self.seat_changes.push(pk);
            }
            return;
        }
        let item = write.get_mut("Item").map(Value::take).unwrap_or_default();
        let Some(changes) = self.changes.iter().find(|changes| write["TableName"] == changes.table) else {
            return;
        };
        let image = match item {
            Value::Null => self.engine.image(changes.table, write["Key"].take()),
            item => item,
        };
        let pk = image["pk"]["S"].as_str().unwrap_or_default();
        match changes.table {
            CATALOG => self.stock_changes.push(&image),
            ORDERS if pk.starts_with("ORDER#") => self.order_changes.push(pk),
            ACCOUNTS if pk.starts_with("ERASURE#") => self.erasures.push(pk),
            SHOWS if ShowKind::in_key(pk).is_some() => self.show_changes.push(pk),
            _ => {}
        }
        // Other changes are filtered out (template.yaml, `FilterCriteria`).
        if image["event"]["M"]["id"]["S"].is_string()
            && let Some(event) = changes.push(image)
        {
            let wrong = attribution::violation(function, &event);
            self.misattributed.lock().expect("not poisoned").extend(wrong);
        }
    }

    /// Adds records of refused writes, as a mutant does.
    fn invent(&self, body: &[u8]) {
        let request = json_of(body);
        for put in request["TransactItems"].as_array().into_iter().flatten() {
            let item = &put["Put"]["Item"];
            let Some(changes) = self
                .changes
                .iter()
                .find(|changes| put["Put"]["TableName"] == changes.table)
            else {
                continue;
            };
            let record = record(0, item.clone(), None);
            changes.invented.lock().expect("not poisoned").push(record);
        }
    }
}

impl Changes {
    /// Waits until there may be records.
    pub async fn wait(&self) {
        self.ready.notified().await;
    }

    /// Adds the change of an item with an event. Returns the event if it is new: an item keeps its newest event.
    fn push(&self, image: Value) -> Option<Value> {
        let mut waiting = self.waiting.lock().expect("not poisoned");
        let mut images = self.images.lock().expect("not poisoned");
        let place = format!("{}{}", image["pk"], image["sk"]);
        let before = images.insert(place, image.clone());
        let event = &image["event"]["M"];
        let id = event["id"]["S"].as_str().unwrap_or_default().to_owned();
        let is_new = self.events.lock().expect("not poisoned").insert(id);
        let event = is_new.then(|| event.clone());
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        waiting.push(record(number, image, before));
        self.ready.notify_one();
        event
    }

    /// Returns the records since the last call.
    pub fn read(&self) -> Vec<Value> {
        std::mem::take(&mut *self.waiting.lock().expect("not poisoned"))
    }

    /// Returns the records that a mutant added.
    pub fn invented(&self) -> Vec<Value> {
        std::mem::take(&mut *self.invented.lock().expect("not poisoned"))
    }
}

/// Builds a stream record of a change.
fn record(number: u64, image: Value, before: Option<Value>) -> Value {
    let mut record = json!({
        "eventID": number.to_string(),
        "eventName": if before.is_some() { "MODIFY" } else { "INSERT" },
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": { "pk": image["pk"] },
            "SequenceNumber": number.to_string(),
            "SizeBytes": 0,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    });
    record["dynamodb"]["NewImage"] = image;
    if let Some(before) = before {
        record["dynamodb"]["OldImage"] = before;
    }
    record
}

/// Returns DynamoDB's response to a request that it throttles or fails, or to a transaction that conflicts.
pub fn refuse(operation: &str, body: &[u8], draw: u64) -> RawResponse {
    let fault = match draw % 8 {
        0 => Fault::InternalError,
        1..=5 if operation == "TransactWriteItems" => {
            let request = json_of(body);
            let items = request["TransactItems"].as_array().map_or(1, Vec::len);
            let place = usize::try_from(draw / 8).unwrap_or_default() % items;
            return Fault::Conflict(place).response(&request);
        }
        _ => Fault::Throttle,
    };
    fault.response(&Value::Null)
}
