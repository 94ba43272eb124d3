//! EventBridge: accepts all entries, some, or none.

use harness::embedded::Said;
use serde_json::{Value, json};

use super::{Mailbox, json_of, said};
use crate::mutant::Mutant;

/// Accepts all entries.
pub fn put_events(bus: &Mailbox<Value>, body: &[u8], mutant: Option<Mutant>) -> Said {
    let request = json_of(body);
    let entries = request["Entries"].as_array().expect("entries");
    for (nth, entry) in entries.iter().enumerate() {
        if mutant != Some(Mutant::EventLost) || nth > 0 {
            bus.put(entry.clone());
        }
    }
    let fates: Vec<Value> = entries.iter().map(|_| json!({ "EventId": "1" })).collect();
    said(200, &json!({ "FailedEntryCount": 0, "Entries": fates }))
}

/// Accepts some entries, or refuses the request.
pub fn refuse(bus: &Mailbox<Value>, body: &[u8], draw: u64) -> Said {
    if draw.is_multiple_of(2) {
        return said(500, &json!({ "__type": "InternalException", "message": "down" }));
    }
    let request = json_of(body);
    let entries = request["Entries"].as_array().expect("entries");
    let mut failed = 0;
    let mut fates = vec![];
    for (nth, entry) in entries.iter().enumerate() {
        if (draw >> (nth + 1)) & 1 == 0 {
            bus.put(entry.clone());
            fates.push(json!({ "EventId": "1" }));
        } else {
            failed += 1;
            fates.push(json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "busy" }));
        }
    }
    said(200, &json!({ "FailedEntryCount": failed, "Entries": fates }))
}
