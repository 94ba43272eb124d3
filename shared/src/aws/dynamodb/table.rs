//! A table with consistent reads by key and writes that are conditional on the item's version.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Get, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactGetItem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Item, classify_error, item_of, number, parse, send_until_answered};
use crate::aws::Platform;
use crate::core::error::Error;

/// A table with keys `pk` and `sk`.
#[derive(Clone, Debug)]
pub struct Table {
    /// The DynamoDB client.
    pub client: Client,
    /// The table's name.
    pub name: String,
}

impl Table {
    /// Creates a table from the environment variable with its name.
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
            sent.map_err(|error| classify_error(doing, error))
        };
        let answer = send_until_answered(doing, deadline, send).await?;
        answer.item.map(|item| parse(doing, item)).transpose()
    }

    /// Reads an item with serializable isolation: waits for a transaction in progress, which a consistent read ignores.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn read_serializable<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        key: Item,
        deadline: Instant,
    ) -> Result<Option<T>, Error> {
        let get = Get::builder().table_name(&self.name).set_key(Some(key)).build();
        let get = get.map_err(|error| Error::internal(doing, error))?;
        let item = TransactGetItem::builder().get(get).build();
        let send = || async {
            let sent = self
                .client
                .transact_get_items()
                .transact_items(item.clone())
                .send()
                .await;
            sent.map_err(|error| match error.as_service_error() {
                // A single read is cancelled only by a transaction in progress or by throttling.
                Some(TransactGetItemsError::TransactionCanceledException(_)) => Error::unavailable(doing, error),
                _ => classify_error(doing, error),
            })
        };
        let answer = send_until_answered(doing, deadline, send).await?;
        let item = answer.responses.unwrap_or_default().pop().and_then(|found| found.item);
        item.filter(|item| !item.is_empty())
            .map(|item| parse(doing, item))
            .transpose()
    }

    /// Serializes an entity and its key as one item.
    ///
    /// # Errors
    /// [`Error::Internal`] when serialization fails.
    pub fn item(&self, doing: &'static str, key: Item, entity: &impl Serialize) -> Result<Item, Error> {
        let mut item = item_of(doing, String::new(), entity)?;
        item.extend(key);
        Ok(item)
    }

    /// Builds the put of a new item. Fails its condition, and returns the stored item, when the key exists.
    ///
    /// # Errors
    /// As [`Table::item`].
    pub fn put_new(&self, doing: &'static str, key: Item, entity: &impl Serialize) -> Result<PutBuilder, Error> {
        let item = self.item(doing, key, entity)?;
        Ok(self.put_if_version(item, 1))
    }

    /// Writes an item in `version`, alone. Its condition is that of [`Table::put_if_version`]. Returns the stored item instead
    /// when the condition fails, if there is one: an earlier attempt, whose response was lost, may have written it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn write_version(
        &self,
        doing: &'static str,
        item: Item,
        version: u64,
        deadline: Instant,
    ) -> Result<Result<(), Option<Item>>, Error> {
        let send = || async {
            let put = self
                .client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(item.clone()));
            let put = match version {
                1 => put.condition_expression("attribute_not_exists(pk)"),
                _ => put
                    .condition_expression("version = :read")
                    .expression_attribute_values(":read", number(version - 1)),
            };
            match put
                .return_values_on_condition_check_failure(OnFailure::AllOld)
                .send()
                .await
            {
                Ok(_) => Ok(Ok(())),
                Err(SdkError::ServiceError(refused))
                    if matches!(refused.err(), PutItemError::ConditionalCheckFailedException(_)) =>
                {
                    match refused.into_err() {
                        PutItemError::ConditionalCheckFailedException(refused) => Ok(Err(refused.item)),
                        other => Err(Error::internal(doing, other)),
                    }
                }
                Err(error) => Err(classify_error(doing, error)),
            }
        };
        send_until_answered(doing, deadline, send).await
    }

    /// Builds the put of an item in `version`. Its condition: the previous version is stored, or no item for version 1.
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

/// A string attribute of an item.
pub fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}
