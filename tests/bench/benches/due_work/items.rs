//! Copies an entity that a function wrote to many entities with other names.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// Returns the item with this key.
pub async fn find(client: &Client, table: &str, pk: &str, sk: &str) -> Result<Item> {
    let get = client.get_item().table_name(table);
    let get = get.key("pk", AttributeValue::S(pk.to_owned()));
    let got = get.key("sk", AttributeValue::S(sk.to_owned())).send().await?;
    got.item.context("the template item exists")
}

/// Copies the model with each of `renamed` replaced, the longest first; `due_id` selects its shard in the due index.
pub fn copy(model: &Item, renamed: &[(&str, &str)], due_id: Option<&str>) -> Item {
    let value_of = |value: &AttributeValue| match value {
        AttributeValue::S(text) => {
            let text = renamed
                .iter()
                .fold(text.clone(), |text, (old, new)| text.replace(old, new));
            AttributeValue::S(text)
        }
        other => other.clone(),
    };
    let mut item: Item = model
        .iter()
        .map(|(name, value)| (name.clone(), value_of(value)))
        .collect();
    if let Some(id) = due_id {
        let first = u8::from_str_radix(&id[..2], 16).unwrap_or_default();
        item.insert("due_shard".to_owned(), AttributeValue::N((first % 16).to_string()));
    }
    item
}

/// Writes at most 25 items.
pub async fn put(client: &Client, table: &str, items: Vec<Item>) -> Result<()> {
    let mut open: Vec<WriteRequest> = vec![];
    for item in items {
        let put = PutRequest::builder().set_item(Some(item)).build()?;
        open.push(WriteRequest::builder().put_request(put).build());
    }
    while !open.is_empty() {
        let write = client.batch_write_item().request_items(table, open);
        let mut answer = write.send().await?;
        let unprocessed = answer.unprocessed_items.take().unwrap_or_default();
        open = unprocessed.into_values().flatten().collect();
    }
    Ok(())
}
