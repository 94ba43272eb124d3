//! DynamoDB: the engine, whose tables tell of their changes.

use std::sync::Mutex;

use harness::embedded::{Embedded, Said, Stream};
use harness::engine::{AUCTIONS, CATALOG, IMAGES, ORDERS, PAYMENTS, SUBSCRIPTIONS};
use harness::{Engine, Fault};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::json_of;
use crate::sabotage::Sabotage;

/// The tables that tell.
pub const TABLES: [&str; 6] = [CATALOG, ORDERS, PAYMENTS, SUBSCRIPTIONS, AUCTIONS, IMAGES];

/// The tables, each with its stream.
#[derive(Debug)]
pub struct Tables {
    engine: Embedded,
    changes: [Changes; TABLES.len()],
}

/// What one table's stream has yet to bring.
#[derive(Debug)]
pub struct Changes {
    /// The table.
    pub table: &'static str,
    stream: Mutex<Stream>,
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
            stream: Mutex::new(engine.open_stream(table)),
            invented: Mutex::default(),
            bell: Notify::new(),
        });
        Self { engine, changes }
    }

    /// The engine, for an auditor.
    pub fn engine(&self) -> Engine {
        Engine::embedded(self.engine.clone())
    }

    /// What has changed, a table each.
    pub const fn changes(&self) -> &[Changes; TABLES.len()] {
        &self.changes
    }

    /// Serves an operation.
    pub fn serve(&self, operation: &str, body: &[u8], sabotage: Option<Sabotage>) -> Said {
        let Some(sabotage) = sabotage.filter(|sabotage| sabotage.reads_requests()) else {
            let said = self.engine.serve(operation, body);
            if let (400, "TransactWriteItems", Some(Sabotage::EventInvented)) = (said.status, operation, sabotage) {
                self.invent(body);
            }
            self.ring(operation, body);
            return said;
        };
        let mut request = json_of(body);
        sabotage.break_request(&mut request);
        let body = request.to_string().into_bytes();
        let mut said = self.engine.serve(operation, &body);
        if operation == "Query" && said.status == 200 {
            let mut answer = json_of(&said.body);
            sabotage.break_answer(&mut answer);
            said.body = answer.to_string().into_bytes();
        }
        self.ring(operation, &body);
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

    fn ring(&self, operation: &str, body: &[u8]) {
        if matches!(
            operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems"
        ) {
            let names = |table: &str| {
                let name = format!("\"{table}\"");
                body.windows(name.len()).any(|part| part == name.as_bytes())
            };
            for changes in self.changes.iter().filter(|changes| names(changes.table)) {
                changes.bell.notify_one();
            }
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
            let record = json!({
                "eventID": "invented",
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1",
                "dynamodb": {
                    "Keys": { "pk": item["pk"] },
                    "NewImage": item,
                    "SequenceNumber": "0",
                    "SizeBytes": 0,
                    "StreamViewType": "NEW_IMAGE",
                },
            });
            changes.invented.lock().expect("not poisoned").push(record);
        }
    }
}

impl Changes {
    /// Waits until there may be some.
    pub async fn wait(&self) {
        self.bell.notified().await;
    }

    /// The changes since the last call.
    pub fn read(&self) -> Vec<Value> {
        self.stream.lock().expect("not poisoned").read()
    }

    /// What a broken build tells beside them.
    pub fn invented(&self) -> Vec<Value> {
        std::mem::take(&mut *self.invented.lock().expect("not poisoned"))
    }
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
