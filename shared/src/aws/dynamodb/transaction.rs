//! TransactWriteItems, with each item's fate told apart.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem, Update};

use tokio::time::Instant;

use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::{Item, answered, failed, is_passing};
use crate::core::error::Error;

/// The most items in one transaction (DynamoDB API reference).
pub const MAX_ITEMS: usize = 100;

/// What became of a transaction.
pub enum Outcome {
    /// All of it is written.
    Committed,
    /// None of it is written; a fate an item, in the transaction's order.
    Cancelled(Vec<WriteOutcome>),
}

/// What one item had to do with a cancellation.
#[derive(Debug)]
pub enum WriteOutcome {
    /// Nothing.
    Fine,
    /// Its condition failed; the item as it stands, when there is one.
    Refused(Option<Item>),
    /// It was busy or throttled; it may pass next time.
    Busy,
}

/// Writes that another store makes in a transaction of its own.
#[derive(Clone, Debug, Default)]
pub struct Writes(pub Vec<TransactWriteItem>);

/// Writes all of `items` or none, before `deadline`.
///
/// When an answer is lost the transaction is sent again; it may then be refused by its own earlier success.
///
/// # Errors
/// [`Error::Unavailable`] when DynamoDB does not serve us in time: the outcome is unknown.
/// [`Error::Internal`] when the transaction itself is wrong.
pub async fn transact(
    client: &Client,
    doing: &'static str,
    items: Vec<TransactWriteItem>,
    deadline: Instant,
) -> Result<Outcome, Error> {
    answered(doing, deadline, || try_transact(client, doing, items.clone())).await
}

/// Writes changes of entities, each conditional on what was read of it: false when one of the first `records` items has
/// changed since, perhaps by an earlier attempt of this very call whose answer was lost. What is busy is tried again.
///
/// # Errors
/// As [`transact`].
pub async fn transact_changes(
    client: &Client,
    doing: &'static str,
    items: Vec<TransactWriteItem>,
    records: usize,
    deadline: Instant,
) -> Result<bool, Error> {
    let mut backoff = Backoff::until(deadline);
    loop {
        match transact(client, doing, items.clone(), deadline).await? {
            Outcome::Committed => return Ok(true),
            Outcome::Cancelled(fates) if has_refusal(&fates, records) => return Ok(false),
            Outcome::Cancelled(_) if backoff.wait().await => {}
            Outcome::Cancelled(_) => return Err(Error::Unavailable { doing, source: None }),
        }
    }
}

fn has_refusal(fates: &[WriteOutcome], records: usize) -> bool {
    fates
        .iter()
        .take(records)
        .any(|fate| matches!(fate, WriteOutcome::Refused(_)))
}

async fn try_transact(client: &Client, doing: &'static str, items: Vec<TransactWriteItem>) -> Result<Outcome, Error> {
    let sent = client
        .transact_write_items()
        .set_transact_items(Some(items))
        .send()
        .await;
    match sent {
        Ok(_) => Ok(Outcome::Committed),
        Err(SdkError::ServiceError(service)) => match service.into_err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled
                .cancellation_reasons
                .unwrap_or_default()
                .into_iter()
                .map(|reason| fate(doing, reason))
                .collect::<Result<_, _>>()
                .map(Outcome::Cancelled),
            other => Err(sort(doing, other)),
        },
        Err(other) => Err(failed(doing, other)),
    }
}

fn fate(doing: &'static str, reason: CancellationReason) -> Result<WriteOutcome, Error> {
    match reason.code() {
        None | Some("None") => Ok(WriteOutcome::Fine),
        Some("ConditionalCheckFailed") => Ok(WriteOutcome::Refused(reason.item)),
        Some(code) if is_passing(code) => Ok(WriteOutcome::Busy),
        Some(code) => {
            let message = format!("{code}: {}", reason.message().unwrap_or_default());
            Err(Error::internal(doing, message))
        }
    }
}

fn sort(doing: &'static str, error: TransactWriteItemsError) -> Error {
    if error.code().is_none_or(is_passing) {
        Error::unavailable(doing, error)
    } else {
        Error::internal(doing, error)
    }
}

/// An update as an item of a transaction.
pub fn update(update: aws_sdk_dynamodb::types::builders::UpdateBuilder) -> Result<TransactWriteItem, Error> {
    let update: Update = update
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// A deletion as an item of a transaction.
pub fn delete(delete: aws_sdk_dynamodb::types::builders::DeleteBuilder) -> Result<TransactWriteItem, Error> {
    let delete = delete
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// A put as an item of a transaction.
pub fn put(put: aws_sdk_dynamodb::types::builders::PutBuilder) -> Result<TransactWriteItem, Error> {
    let put: Put = put
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
