//! A table whose items are read by key and written under their version.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure as OnFailure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Item, answered, failed, item_of, number, parse};
use crate::aws::Platform;
use crate::core::error::Error;

/// A table with keys `pk` and `sk`.
#[derive(Clone, Debug)]
pub struct Table {
    /// The client.
    pub client: Client,
    /// The table's name.
    pub name: String,
}

impl Table {
    /// The table that `variable` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform, variable: &'static str) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            name: platform.variable(variable)?,
        })
    }

    /// Reads an item consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        key: Item,
        deadline: Instant,
    ) -> Result<Option<T>, Error> {
        let send = || async {
            let get = self.client.get_item().table_name(&self.name).consistent_read(true);
            let sent = get.set_key(Some(key.clone())).send().await;
            sent.map_err(|error| failed(doing, error))
        };
        let answer = answered(doing, deadline, send).await?;
        answer.item.map(|item| parse(doing, item)).transpose()
    }

    /// An entity with its key, as one item.
    ///
    /// # Errors
    /// [`Error::Internal`] when the entity cannot be written as an item.
    pub fn item(&self, doing: &'static str, key: Item, entity: &impl Serialize) -> Result<Item, Error> {
        let mut item = item_of(doing, String::new(), entity)?;
        item.extend(key);
        Ok(item)
    }

    /// The put of what is written once: refused when it exists, with the item that exists.
    ///
    /// # Errors
    /// As [`Table::item`].
    pub fn put_new(&self, doing: &'static str, key: Item, entity: &impl Serialize) -> Result<PutBuilder, Error> {
        let item = self.item(doing, key, entity)?;
        Ok(self.put_if_version(item, 1))
    }

    /// The put of an item in `version`: refused unless the one before is stored, or none for version 1.
    pub fn put_if_version(&self, item: Item, version: u64) -> PutBuilder {
        let put = Put::builder().table_name(&self.name).set_item(Some(item));
        if version == 1 {
            return put
                .condition_expression("attribute_not_exists(pk)")
                .return_values_on_condition_check_failure(OnFailure::AllOld);
        }
        put.condition_expression("version = :read")
            .expression_attribute_values(":read", number(version - 1))
    }
}

/// A text attribute of an item; none when it has no such text.
pub fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}
