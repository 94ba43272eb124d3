//! DynamoDB: the engine, whose tables tell of their changes.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use harness::embedded::{Embedded, Said};
use harness::engine::{AUCTIONS, CATALOG, IMAGES, ORDERS, PAYMENTS, SUBSCRIPTIONS};
use harness::{Engine, Fault};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::json_of;
use crate::mutant::Mutant;

/// The tables that tell.
pub const TABLES: [&str; 6] = [CATALOG, ORDERS, PAYMENTS, SUBSCRIPTIONS, AUCTIONS, IMAGES];

/// The tables, each with its stream.
#[derive(Debug)]
pub struct Tables {
    engine: Embedded,
    changes: [Changes; TABLES.len()],
    writes: AtomicU64,
}

/// What one table's stream has yet to bring.
#[derive(Debug)]
pub struct Changes {
    /// The table.
    pub table: &'static str,
    /// Each item that carries an event, as it stands.
    images: Mutex<HashMap<String, Value>>,
    waiting: Mutex<Vec<Value>>,
    told: AtomicU64,
    invented: Mutex<Vec<Value>>,
    bell: Notify,
}

impl Tables {
    /// Empty tables.
    pub async fn create() -> Self {
        let engine = Embedded::new();
        harness::engine::create_tables(&Engine::embedded(engine.clone()).quiet).await;
        let changes = TABLES.map(|table| Changes {
            table,
            images: Mutex::default(),
            waiting: Mutex::default(),
            told: AtomicU64::new(0),
            invented: Mutex::default(),
            bell: Notify::new(),
        });
        Self {
            engine,
            changes,
            writes: AtomicU64::new(0),
        }
    }

    /// Every item of a table, for an auditor.
    pub fn items(&self, table: &str) -> Vec<Value> {
        self.engine.items(table)
    }

    /// The item of a table that has this key, for an auditor.
    pub fn item(&self, table: &str, pk: &str) -> Option<Value> {
        self.engine.item(table, pk)
    }

    /// How many writes there were.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// What has changed, a table each.
    pub const fn changes(&self) -> &[Changes; TABLES.len()] {
        &self.changes
    }

    /// Serves an operation.
    pub fn serve(&self, operation: &str, body: &[u8], mutant: Option<Mutant>) -> Said {
        let Some(mutant) = mutant.filter(|mutant| mutant.reads_requests()) else {
            let said = self.engine.serve(operation, body);
            if let (400, "TransactWriteItems", Some(Mutant::EventInvented)) = (said.status, operation, mutant) {
                self.invent(body);
            }
            self.tell(operation, &said, || json_of(body));
            return said;
        };
        let mut request = json_of(body);
        mutant.break_request(&mut request);
        let mut said = self.engine.serve(operation, request.to_string().as_bytes());
        if operation == "Query" && said.status == 200 {
            let mut answer = json_of(&said.body);
            mutant.break_answer(&mut answer);
            said.body = answer.to_string().into_bytes();
        }
        self.tell(operation, &said, || request);
        said
    }

    /// What a partition of a table has, unseen by anybody.
    pub fn partition(&self, table: &str, pk: &str) -> Vec<Value> {
        let query = json!({
            "TableName": table, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": { ":pk": { "S": pk } },
        });
        let said = self.engine.serve("Query", query.to_string().as_bytes());
        json_of(&said.body)["Items"].as_array().cloned().unwrap_or_default()
    }

    /// The streams tell of what was written. The engine has streams too, which look through all that they ever told at
    /// each write; nobody sees a part of a request, so this is the same.
    fn tell(&self, operation: &str, said: &Said, request: impl FnOnce() -> Value) {
        let is_write = !matches!(
            operation,
            "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan"
        );
        if !is_write || said.status != 200 {
            return;
        }
        self.writes.fetch_add(1, Ordering::Relaxed);
        match operation {
            "PutItem" | "UpdateItem" => self.tell_of(request()),
            "TransactWriteItems" => {
                for item in request()["TransactItems"].as_array_mut().into_iter().flatten() {
                    for kind in ["Put", "Update"] {
                        if let Some(write) = item.get_mut(kind) {
                            self.tell_of(write.take());
                        }
                    }
                }
            }
            // What is deleted carries nothing.
            _ => {}
        }
    }

    fn tell_of(&self, mut write: Value) {
        let item = write.get_mut("Item").map(Value::take).unwrap_or_default();
        let Some(changes) = self.changes.iter().find(|changes| write["TableName"] == changes.table) else {
            return;
        };
        let image = match item {
            Value::Null => self.engine.image(changes.table, write["Key"].take()),
            item => item,
        };
        // The others wake nobody (template.yaml, `FilterCriteria`).
        if image["event"]["M"]["id"]["S"].is_string() {
            changes.push(image);
        }
    }

    /// The stream will tell of writes that were refused.
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
    /// Waits until there may be some.
    pub async fn wait(&self) {
        self.bell.notified().await;
    }

    fn push(&self, image: Value) {
        let mut waiting = self.waiting.lock().expect("not poisoned");
        let mut images = self.images.lock().expect("not poisoned");
        let place = format!("{}{}", image["pk"], image["sk"]);
        let before = images.insert(place, image.clone());
        let number = self.told.fetch_add(1, Ordering::Relaxed) + 1;
        waiting.push(record(number, image, before));
        self.bell.notify_one();
    }

    /// The changes since the last call.
    pub fn read(&self) -> Vec<Value> {
        std::mem::take(&mut *self.waiting.lock().expect("not poisoned"))
    }

    /// What a broken build tells beside them.
    pub fn invented(&self) -> Vec<Value> {
        std::mem::take(&mut *self.invented.lock().expect("not poisoned"))
    }
}

/// A change as the stream's event has it.
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

/// What DynamoDB says when it does not serve: it is busy, or has a fault of its own; a transaction also conflicts with
/// another one.
pub fn refuse(operation: &str, body: &[u8], draw: u64) -> Said {
    let fault = match draw % 8 {
        0 => Fault::InternalError,
        1..=5 if operation == "TransactWriteItems" => {
            let request = json_of(body);
            let items = request["TransactItems"].as_array().map_or(1, Vec::len);
            let place = usize::try_from(draw / 8).unwrap_or_default() % items;
            return Fault::Conflict(place).said(&request);
        }
        _ => Fault::Throttle,
    };
    fault.said(&Value::Null)
}
