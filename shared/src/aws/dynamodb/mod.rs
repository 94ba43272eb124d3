//! DynamoDB for all stores: the client, error classification, retries, and complete batch reads.

pub mod attempts;
pub mod damaged;
pub mod due;
pub mod due_scan;
pub mod listed;
pub mod request;
pub mod table;
pub mod transaction;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use tokio::time::{Instant, timeout_at};

use crate::aws::backoff::Backoff;
use crate::core::error::{Cause, Error};

/// A DynamoDB item.
pub type Item = HashMap<String, AttributeValue>;

/// The most keys in one BatchGetItem (DynamoDB API reference).
pub const BATCH_GET_KEYS: usize = 100;

/// Creates a client with timeouts for interactive requests: three attempts of at most three seconds.
///
/// The SDK retries TransactWriteItems with the same ClientRequestToken, so a retry does not write twice.
pub fn client(aws: &aws_config::SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1));
    let config = aws_sdk_dynamodb::config::Builder::from(aws)
        .timeout_config(timeouts)
        .retry_config(retries)
        .build();
    Client::from_conf(config)
}

/// The primary key of a table without a sort key.
pub fn key(pk: String) -> Item {
    HashMap::from([("pk".to_owned(), AttributeValue::S(pk))])
}

/// The primary key of a table with a sort key.
pub fn composite(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk.into())),
        ("sk".to_owned(), AttributeValue::S(sk.into())),
    ])
}

/// A string attribute.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Deserializes an item. A failure is an internal error.
pub fn parse<T: serde::de::DeserializeOwned>(doing: &'static str, item: Item) -> Result<T, Error> {
    serde_dynamo::from_item(item).map_err(|error| Error::internal(doing, error))
}

/// Whether the cause of `error` is an item that [`parse`] cannot deserialize. A retry fails again.
pub fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Internal { source, .. } if source.is::<serde_dynamo::Error>())
}

/// Serializes an entity and its key as one item. The entity contains its newest event, so one write stores both.
pub fn item_of(doing: &'static str, pk: String, entity: &impl serde::Serialize) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(entity).map_err(|error| Error::internal(doing, error))?;
    item.insert("pk".to_owned(), AttributeValue::S(pk));
    Ok(item)
}

/// Classifies an SDK error: transient errors are [`Error::Unavailable`], all others [`Error::Internal`].
pub fn classify_error<E, R>(doing: &'static str, error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let transient = match &error {
        SdkError::ServiceError(service) => service.err().code().is_none_or(is_transient),
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    let cause: Cause = error.into();
    if transient {
        Error::unavailable(doing, cause)
    } else {
        Error::internal(doing, cause)
    }
}

/// Whether a DynamoDB error code, or the code of a cancellation reason, is transient.
///
/// An idempotency token mismatch means that another sandbox generated the same token. The next attempt has a new one.
pub fn is_transient(code: &str) -> bool {
    matches!(
        code,
        "IdempotentParameterMismatchException"
            | "InternalServerError"
            | "LimitExceededException"
            | "ProvisionedThroughputExceeded"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ServiceUnavailable"
            | "ThrottlingError"
            | "ThrottlingException"
            | "TransactionConflict"
            | "TransactionConflictException"
            | "TransactionInProgressException"
    )
}

/// Sends a request until DynamoDB responds or `deadline` passes. Retries transient errors with backoff.
///
/// May send a write again after a lost response. Each write is therefore conditional, and the caller recognizes its own
/// earlier write by the stored item.
///
/// # Errors
/// [`Error::Unavailable`] at the deadline, and any error that is not transient.
pub async fn send_until_answered<T, R>(
    doing: &'static str,
    deadline: Instant,
    mut send: impl FnMut() -> R,
) -> Result<T, Error>
where
    R: Future<Output = Result<T, Error>>,
{
    let mut backoff = Backoff::until(deadline);
    loop {
        // Boxed: the SDK's futures are large, and each caller's future would contain one.
        match timeout_at(deadline, Box::pin(send())).await {
            Ok(Err(Error::Unavailable { .. })) if backoff.wait().await => {}
            Ok(outcome) => return outcome,
            Err(elapsed) => return Err(Error::unavailable(doing, elapsed)),
        }
    }
}

/// Keys to read from a table.
pub struct Wanted<'a> {
    /// The table.
    pub table: &'a str,
    /// The items' keys.
    pub keys: Vec<Item>,
    /// Whether the read is consistent.
    pub consistent: bool,
}

/// Reads items by key, in requests of at most 100 keys. Retries unprocessed keys until `deadline`.
///
/// Returns the found items of each table, in no order.
pub async fn batch_get(
    client: &Client,
    doing: &'static str,
    wanted: Vec<Wanted<'_>>,
    deadline: Instant,
) -> Result<HashMap<String, Vec<Item>>, Error> {
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    for request in requests(wanted)? {
        let mut open = Some(request);
        let mut backoff = Backoff::until(deadline);
        while let Some(request) = open.take() {
            let send = || async {
                let request = client.batch_get_item().set_request_items(Some(request.clone()));
                request.send().await.map_err(|error| classify_error(doing, error))
            };
            let answer = send_until_answered(doing, deadline, send).await?;
            for (table, items) in answer.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            open = answer.unprocessed_keys.filter(|rest| !rest.is_empty());
            if open.is_some() && !backoff.wait().await {
                return Err(Error::Unavailable { doing, source: None });
            }
        }
    }
    Ok(found)
}

/// Splits the keys into requests of at most 100 keys.
fn requests(wanted: Vec<Wanted<'_>>) -> Result<Vec<HashMap<String, KeysAndAttributes>>, Error> {
    let mut requests = vec![];
    let mut request: HashMap<String, KeysAndAttributes> = HashMap::new();
    let mut room = BATCH_GET_KEYS;
    for Wanted {
        table,
        keys,
        consistent,
    } in wanted
    {
        let mut keys = keys.into_iter().peekable();
        while keys.peek().is_some() {
            let part: Vec<Item> = keys.by_ref().take(room).collect();
            room -= part.len();
            let part = KeysAndAttributes::builder()
                .set_keys(Some(part))
                .consistent_read(consistent)
                .build()
                .map_err(|error| Error::internal("build a batch read", error))?;
            request.insert(table.to_owned(), part);
            if room == 0 {
                requests.push(std::mem::take(&mut request));
                room = BATCH_GET_KEYS;
            }
        }
    }
    if !request.is_empty() {
        requests.push(request);
    }
    Ok(requests)
}
