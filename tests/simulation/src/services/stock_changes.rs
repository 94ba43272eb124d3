//! The part of the catalog table's stream that `watch-products` receives, in shards that are delivered independently.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::Notify;

/// The stream's shards. With two, runs about one product can overlap.
pub const SHARDS: usize = 2;

/// The pending changes of products and stock, and what the alerts were.
#[derive(Debug, Default)]
pub struct StockChanges {
    shards: [Arc<StreamShard>; SHARDS],
    alerts: Mutex<Alerts>,
}

/// The pending records of one shard of a stream: the keys of what has changed.
#[derive(Debug, Default)]
pub struct StreamShard {
    waiting: Mutex<Vec<Value>>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct Alerts {
    /// Whether the stock was low when the alert was recorded last, by key.
    low: HashMap<String, bool>,
    /// The ids of all events. A repeated transaction is accepted again, also after later writes.
    events: HashSet<String>,
    repeated: Vec<String>,
}

impl StockChanges {
    /// Returns the stream's shards.
    pub const fn shards(&self) -> &[Arc<StreamShard>; SHARDS] {
        &self.shards
    }

    /// Returns the alerts since the last call that were told although the stock was low already.
    pub fn repeated(&self) -> Vec<String> {
        std::mem::take(&mut self.alerts.lock().expect("not poisoned").repeated)
    }

    /// Adds the change of an item of the catalog table. Others than these are filtered out (template.yaml,
    /// `FilterCriteria`).
    pub fn push(&self, image: &Value) {
        let pk = image["pk"]["S"].as_str().expect("a key");
        if pk.starts_with("STOCK#") || pk.starts_with("PRODUCT#") {
            self.shards[pk.bytes().map(usize::from).sum::<usize>() % SHARDS].push(pk);
        } else if pk.starts_with("ALERT#") {
            self.alerts.lock().expect("not poisoned").push(pk, image);
        }
    }
}

impl StreamShard {
    /// Adds the change of an item.
    pub fn push(&self, pk: &str) {
        let record = json!({ "dynamodb": { "Keys": { "pk": { "S": pk } } } });
        self.waiting.lock().expect("not poisoned").push(record);
        self.ready.notify_one();
    }

    /// Waits until there may be records.
    pub async fn wait(&self) {
        self.ready.notified().await;
    }

    /// Returns the records since the last call.
    pub fn read(&self) -> Vec<Value> {
        std::mem::take(&mut *self.waiting.lock().expect("not poisoned"))
    }
}

impl Alerts {
    fn push(&mut self, pk: &str, image: &Value) {
        let event = image["event"]["M"]["id"]["S"].as_str();
        if let Some(event) = event
            && !self.events.insert(event.to_owned())
        {
            return;
        }
        let is_low = image["is_low"]["BOOL"] == true;
        let was_low = self.low.insert(pk.to_owned(), is_low).unwrap_or_default();
        if was_low && is_low {
            self.repeated.push(image.to_string());
        }
    }
}
