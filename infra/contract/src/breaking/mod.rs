//! Breaking differences between two contracts: what a client of the old one could meet in the new one and not expect.
//!
//! Requests may accept more and answers may say more. Enums and unions in answers are open: clients expect values that they
//! do not know. A value that they know may not go away, since they may wait for it.

mod operations;
mod schemas;

use yaml_serde::Value;

use crate::reading::Document;
use schemas::{Comparison, Place, Side};

/// The API description, and the schema of each event.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The OpenAPI document.
    pub api: Value,
    /// The events' schemas by `detail-type`.
    pub events: Value,
}

/// The breaking differences from `old` to `new`, one sentence each.
pub fn differences(old: &Contract, new: &Contract) -> Vec<String> {
    let mut found = operations::compare(Document(&old.api), Document(&new.api));
    for (name, old) in old.events.as_mapping().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let Some(new) = new.events.get(name) else {
            found.push(format!("event {name}: it was removed"));
            continue;
        };
        found.extend(event(name, old, new));
    }
    let mut distinct: Vec<String> = Vec::with_capacity(found.len());
    for difference in found {
        if !distinct.contains(&difference) {
            distinct.push(difference);
        }
    }
    distinct
}

/// The differences of one event. Rules on the bus match its source.
fn event(name: &str, old: &Value, new: &Value) -> Vec<String> {
    const SOURCE: &str = "x-amazon-events-source";
    let mut comparison = Comparison::new(Document(old), Document(new), Side::Answer);
    let place = Place::new(format!("event {name}"));
    if old.get(SOURCE) != new.get(SOURCE) {
        comparison.report(&place, "its source changed");
    }
    comparison.schema(&place, old, new);
    comparison.found
}
