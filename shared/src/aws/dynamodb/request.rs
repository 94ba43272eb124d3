//! Records of requests that took effect. They recognize a retry where the changed entity alone cannot: a bid can be
//! cancelled by any of several requests, and a voucher can have another owner since.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::table::Table;
use super::transaction::put;
use super::{Item, number};
use crate::core::error::Error;
use crate::core::idempotency::{Fingerprint, IdempotencyKey};
use crate::core::identity::CustomerId;
use aws_sdk_dynamodb::types::TransactWriteItem;

/// The time for which a request is stored to recognize its retries: longer than any client retries.
const RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

const DOING: &str = "read a request";

/// A request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRequest {
    /// The request's id. Derived from the caller and the idempotency key.
    pub request_id: Uuid,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// The time of the request.
    pub requested_at: Timestamp,
}

impl StoredRequest {
    /// The request of `caller` with `key`. `kind` names the action, `content` is what was asked for, with the path's
    /// parameters.
    ///
    /// # Errors
    /// [`Error::Internal`] when `content` cannot be serialized.
    pub fn new(
        kind: &str,
        key: &IdempotencyKey,
        caller: &CustomerId,
        content: &impl Serialize,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let fingerprint = Fingerprint::of(content);
        Ok(Self {
            request_id: key.derive_id(kind, caller),
            fingerprint: fingerprint.map_err(|error| Error::internal(DOING, error))?,
            requested_at: now,
        })
    }

    /// The record of an earlier attempt of this request at `key`, if it took effect.
    ///
    /// # Errors
    /// `idempotency-key-reused` when the idempotency key was used for another request; [`Error::Unavailable`] and
    /// [`Error::Internal`].
    pub async fn earlier(&self, table: &Table, key: Item, deadline: Instant) -> Result<Option<Self>, Error> {
        let Some(earlier) = table.read::<Self>(DOING, key, deadline).await? else {
            return Ok(None);
        };
        earlier.fingerprint.require_same(&self.fingerprint)?;
        Ok(Some(earlier))
    }

    /// Builds the put of the record at `key`. Fails its condition when the request took effect before.
    ///
    /// # Errors
    /// [`Error::Internal`] when serialization fails.
    pub fn put(&self, table: &Table, key: Item) -> Result<TransactWriteItem, Error> {
        let mut item = table.item("save a request", key, self)?;
        let swept_at = (self.requested_at + RETENTION).as_second();
        item.insert("swept_at".into(), number(swept_at));
        put(table.put_if_version(item, 1))
    }
}
