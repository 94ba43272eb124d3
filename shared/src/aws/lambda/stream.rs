//! Batches of a table's stream, for functions that look at what has changed as it is now.

use serde::Deserialize;

/// A batch of changes, as Lambda delivers it. Has the fields that are used: no other, such as an image of an item, can make a
/// whole batch unreadable.
#[derive(Debug, Deserialize)]
pub struct Changes {
    #[serde(rename = "Records")]
    records: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Change {
    dynamodb: ChangedItem,
}

#[derive(Debug, Deserialize)]
struct ChangedItem {
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Debug, Deserialize)]
struct Keys {
    pk: Key,
}

#[derive(Debug, Deserialize)]
struct Key {
    #[serde(rename = "S")]
    text: String,
}

impl Changes {
    /// The partition keys of the changed items, in order. An item that has changed twice is there twice.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|change| change.dynamodb.keys.pk.text.as_str())
    }
}
