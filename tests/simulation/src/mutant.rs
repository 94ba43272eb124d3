//! Deliberately broken builds: what a function without one of its conditions would do, played on the wire.
//!
//! The simulation is worth what it can find, so each promise has one of these, and a test that it is caught.

use serde_json::Value;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Stock is taken whether or not there is as much.
    StockUnchecked,
    /// An order is put whether or not it is there: a retried request is a second one.
    RetriesUnchecked,
    /// A record is changed whatever has changed it since it was read.
    VersionsUnchecked,
    /// A period is billed whatever has become of its subscription and its invoice.
    PeriodsUnchecked,
    /// Points are spent whether or not there are as many.
    PointsUnchecked,
    /// A provider that does not answer is taken for one that said no.
    TimeoutIsRefusal,
    /// The bus says that it took an event, and has lost it.
    EventLost,
    /// S3 says that it took an object, and has lost it.
    ObjectLost,
    /// An event is told of a write that was refused.
    EventInvented,
    /// What is due does not stand on its index.
    DueForgotten,
    /// The book shows bids for an hour longer than they stand.
    ExpiryIgnored,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::StockUnchecked,
        Self::RetriesUnchecked,
        Self::VersionsUnchecked,
        Self::PeriodsUnchecked,
        Self::PointsUnchecked,
        Self::TimeoutIsRefusal,
        Self::EventLost,
        Self::ObjectLost,
        Self::EventInvented,
        Self::DueForgotten,
        Self::ExpiryIgnored,
    ];

    /// The request to DynamoDB that the broken build would have sent instead.
    pub fn break_request(self, body: &mut Value) {
        match self {
            Self::StockUnchecked => each_write(body, &mut |write| unless(write, "STOCK#", "available >= ")),
            Self::PointsUnchecked => each_write(body, &mut |write| unless(write, "WALLET#", "available >= ")),
            Self::RetriesUnchecked => each_write(body, &mut |write| unless(write, "ORDER#", "attribute_not_exists")),
            Self::PeriodsUnchecked => each_write(body, &mut |write| {
                unless(write, "SUBSCRIPTION#", "attribute_not_exists");
                unless(write, "SUBSCRIPTION#", "version = ");
            }),
            Self::VersionsUnchecked => each_write(body, &mut |write| unless(write, "", "version = ")),
            Self::DueForgotten => each_write(body, &mut |write| {
                if let Some(item) = write.get_mut("Item").and_then(Value::as_object_mut) {
                    item.remove("due_shard");
                    item.remove("due_ms");
                }
            }),
            _ => {}
        }
    }

    /// The answer of DynamoDB that the broken build would have read instead.
    pub fn break_answer(self, body: &mut Value) {
        let Some(items) = body.get_mut("Items").and_then(Value::as_array_mut) else {
            return;
        };
        for item in items.iter_mut().filter(|_| self == Self::ExpiryIgnored) {
            let on_book = item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("BOOK#"));
            if let (true, Some(at)) = (on_book, item["expires_at"]["S"].as_str()) {
                let at: jiff::Timestamp = at.parse().expect("a time");
                item["expires_at"]["S"] = (at + jiff::SignedDuration::from_hours(1)).to_string().into();
            }
        }
    }

    /// Whether requests or answers of DynamoDB have to be looked at.
    pub const fn reads_requests(self) -> bool {
        !matches!(
            self,
            Self::TimeoutIsRefusal | Self::EventLost | Self::ObjectLost | Self::EventInvented
        )
    }
}

/// Does something to each write in a request: a transaction's, or the request itself.
fn each_write(body: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match body.get_mut("TransactItems").and_then(Value::as_array_mut) {
        Some(items) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .flat_map(|item| item.values_mut())
            .for_each(change),
        None => change(body),
    }
}

/// Takes the condition off a write to an item whose key begins with `prefix`, when it contains `words`; values that only
/// it used go with it, for DynamoDB refuses those that nothing uses.
fn unless(write: &mut Value, prefix: &str, words: &str) {
    let pk = |of: &Value| of["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix));
    let condition = write["ConditionExpression"].as_str().unwrap_or_default();
    if !condition.contains(words) || !(pk(&write["Key"]) || pk(&write["Item"])) {
        return;
    }
    let update = write["UpdateExpression"].as_str().unwrap_or_default().to_owned();
    let write = write.as_object_mut().expect("a write");
    write.remove("ConditionExpression");
    write.remove("ReturnValuesOnConditionCheckFailure");
    for (values, all) in [("ExpressionAttributeValues", ':'), ("ExpressionAttributeNames", '#')] {
        let Some(map) = write.get_mut(values).and_then(Value::as_object_mut) else {
            continue;
        };
        map.retain(|name, _| is_used(&update, name, all));
        if map.is_empty() {
            write.remove(values);
        }
    }
}

fn is_used(expression: &str, name: &str, sign: char) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    expression.split(|c| !is_part(c) && c != sign).any(|word| word == name)
}
