//! TransactWriteItems, with an outcome for each item.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem, Update};

use tokio::time::Instant;

use crate::aws::backoff::Backoff;
use crate::aws::dynamodb::{Item, classify_error, is_transient, send_until_answered};
use crate::core::error::Error;

/// The most items in one transaction (DynamoDB API reference).
pub const MAX_ITEMS: usize = 100;

/// The outcome of a transaction.
pub enum TransactionOutcome {
    /// All items are written.
    Committed,
    /// No item is written. One outcome for each item, in the transaction's order.
    Cancelled(Vec<WriteOutcome>),
}

/// The outcome of one item of a cancelled transaction.
#[derive(Debug)]
pub enum WriteOutcome {
    /// The item did not cause the cancellation.
    Accepted,
    /// Its condition failed. Has the stored item, when one exists and the write asked for it.
    ConditionFailed(Option<Item>),
    /// The item conflicted with another transaction, or DynamoDB throttled the write. A retry may succeed.
    Retryable,
}

/// Writes for another store's transaction.
#[derive(Clone, Debug, Default)]
pub struct Writes(pub Vec<TransactWriteItem>);

/// Writes all of `items` or none, before `deadline`.
///
/// Sends the transaction again when a response is lost. An earlier attempt may then have succeeded and fail the
/// conditions of the later one.
///
/// # Errors
/// [`Error::Unavailable`] when DynamoDB does not respond in time: the outcome is unknown.
/// [`Error::Internal`] when the transaction is invalid.
pub async fn transact(
    client: &Client,
    doing: &'static str,
    items: Vec<TransactWriteItem>,
    deadline: Instant,
) -> Result<TransactionOutcome, Error> {
    send_until_answered(doing, deadline, || try_transact(client, doing, items.clone())).await
}

/// Writes changed entities, each on condition that it has not changed since it was read. Retries conflicts and
/// throttling.
///
/// Returns false when the condition of one of the first `records` items fails. An earlier attempt of the same call,
/// whose response was lost, may have caused that.
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
            TransactionOutcome::Committed => return Ok(true),
            TransactionOutcome::Cancelled(outcomes) if has_failed_condition(&outcomes, records) => return Ok(false),
            TransactionOutcome::Cancelled(_) if backoff.wait().await => {}
            TransactionOutcome::Cancelled(_) => return Err(Error::Unavailable { doing, source: None }),
        }
    }
}

/// Whether the condition of one of the first `records` items failed.
pub fn has_failed_condition(outcomes: &[WriteOutcome], records: usize) -> bool {
    outcomes
        .iter()
        .take(records)
        .any(|outcome| matches!(outcome, WriteOutcome::ConditionFailed(_)))
}

async fn try_transact(
    client: &Client,
    doing: &'static str,
    items: Vec<TransactWriteItem>,
) -> Result<TransactionOutcome, Error> {
    let sent = client
        .transact_write_items()
        .set_transact_items(Some(items))
        .send()
        .await;
    match sent {
        Ok(_) => Ok(TransactionOutcome::Committed),
        Err(SdkError::ServiceError(service)) => match service.into_err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled
                .cancellation_reasons
                .unwrap_or_default()
                .into_iter()
                .map(|reason| write_outcome(doing, reason))
                .collect::<Result<_, _>>()
                .map(TransactionOutcome::Cancelled),
            other => Err(classify_transaction_error(doing, other)),
        },
        Err(other) => Err(classify_error(doing, other)),
    }
}

fn write_outcome(doing: &'static str, reason: CancellationReason) -> Result<WriteOutcome, Error> {
    match reason.code() {
        None | Some("None") => Ok(WriteOutcome::Accepted),
        Some("ConditionalCheckFailed") => Ok(WriteOutcome::ConditionFailed(reason.item)),
        Some(code) if is_transient(code) => Ok(WriteOutcome::Retryable),
        Some(code) => {
            let message = format!("{code}: {}", reason.message().unwrap_or_default());
            Err(Error::internal(doing, message))
        }
    }
}

fn classify_transaction_error(doing: &'static str, error: TransactWriteItemsError) -> Error {
    if error.code().is_none_or(is_transient) {
        Error::unavailable(doing, error)
    } else {
        Error::internal(doing, error)
    }
}

/// Builds a transaction item from an update.
pub fn update(update: aws_sdk_dynamodb::types::builders::UpdateBuilder) -> Result<TransactWriteItem, Error> {
    let update: Update = update
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Builds a transaction item from a deletion.
pub fn delete(delete: aws_sdk_dynamodb::types::builders::DeleteBuilder) -> Result<TransactWriteItem, Error> {
    let delete = delete
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Builds a transaction item that only checks a condition.
pub fn check(check: aws_sdk_dynamodb::types::builders::ConditionCheckBuilder) -> Result<TransactWriteItem, Error> {
    let check = check
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// Builds a transaction item from a put.
pub fn put(put: aws_sdk_dynamodb::types::builders::PutBuilder) -> Result<TransactWriteItem, Error> {
    let put: Put = put
        .build()
        .map_err(|error| Error::internal("build a transaction", error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
