//! EventBridge: accepts all entries, some, or none.

use harness::embedded::RawResponse;
use serde_json::{Value, json};

use super::{Mailbox, json_of, raw_response};
use crate::mutant::Mutant;

/// Accepts all entries.
pub fn put_events(bus: &Mailbox<Value>, body: &[u8], mutant: Option<Mutant>) -> RawResponse {
    let request = json_of(body);
    let entries = request["Entries"].as_array().expect("entries");
    for (nth, entry) in entries.iter().enumerate() {
        if mutant != Some(Mutant::EventLost) || nth > 0 {
            bus.put(entry.clone());
        }
    }
    let results: Vec<Value> = entries.iter().map(|_| json!({ "EventId": "1" })).collect();
    raw_response(200, &json!({ "FailedEntryCount": 0, "Entries": results }))
}

/// Accepts some entries, or refuses the request.
pub fn refuse(bus: &Mailbox<Value>, body: &[u8], draw: u64) -> RawResponse {
    if draw.is_multiple_of(2) {
        return raw_response(500, &json!({ "__type": "InternalException", "message": "down" }));
    }
    let request = json_of(body);
    let entries = request["Entries"].as_array().expect("entries");
    let mut failed = 0;
    let mut results = vec![];
    for (nth, entry) in entries.iter().enumerate() {
        if (draw >> (nth + 1)) & 1 == 0 {
            bus.put(entry.clone());
            results.push(json!({ "EventId": "1" }));
        } else {
            failed += 1;
            results.push(json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "busy" }));
        }
    }
    raw_response(200, &json!({ "FailedEntryCount": failed, "Entries": results }))
}
