//! The payments table: payments (`PAYMENT#<id>`), the requests that changed them (`REQUEST#<id>`), and a sparse index
//! of the payments that the reconciler must check.

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::dynamodb::due::{self, DuePage, DuePosition, uuid_in};
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::transaction::{check, put, transact_changes};
use crate::aws::dynamodb::{Item, Wanted, batch_get, item_of, key, number, parse};
use crate::core::actor::Actor;
use crate::core::error::{Error, Rejection};
use crate::core::event::Record;
use crate::core::id::PaymentId;
use crate::core::idempotency::{Fingerprint, derive_id};
use crate::payments::provider::{Attempt, ClientParameters};
use crate::payments::{Payment, PaymentStatus};

/// The time for which a request is stored to recognize its key in a request about another payment. The payment itself
/// recognizes a retry for ever.
const REQUEST_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The most requests that a payment remembers. A refund's id is its request's, so refunds are remembered for ever.
const MAX_REQUESTS: usize = 100;

/// The payments table.
#[derive(Clone, Debug)]
pub struct PaymentStore {
    table: Table,
}

/// A payment as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPayment {
    /// The payment, as events contain it.
    #[serde(flatten)]
    pub payment: Payment,
    /// The deadline of its order. Until then the customer may pay.
    pub payable_until: Timestamp,
    /// The token that the customer received from the provider for the confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
    /// The parameters that the customer's page received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientParameters>,
    /// The secret that authenticates the provider's deposit webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_secret: Option<String>,
    /// The id of the call that saved the attempt in progress. The call recognizes its own attempt after a lost
    /// response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<Uuid>,
    /// The time of the last change, or of the first check since then that changed nothing.
    pub since: Timestamp,
    /// The number of checks since the last change.
    pub tries: u32,
    /// The number of all provider calls. It gives each try its own idempotency key.
    pub asked: u32,
    /// Whether it was compared with the provider's records after the charge.
    pub compared: bool,
    /// The time of the reconciler's next check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Timestamp>,
    /// The latest requests that changed the payment. They make retries idempotent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<KnownRequest>,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. The table's stream delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredPayment {
    /// Creates a payment in version 0. [`StoredPayment::next`] returns the first version to save.
    pub const fn unsaved(payment: Payment, payable_until: Timestamp) -> Self {
        Self {
            payment,
            payable_until,
            confirmation: None,
            client: None,
            deposit_secret: None,
            begun_by: None,
            since: payable_until,
            tries: 0,
            asked: 0,
            compared: false,
            look_at: None,
            requests: vec![],
            version: 0,
            event: None,
        }
    }

    /// The next version, with the change's event if it has one.
    #[must_use]
    pub fn next(&self, payment: Payment, event: Option<Record>, now: Timestamp) -> Self {
        // A charge, its reversal and its return require a new comparison.
        let is_reversed = |payment: &Payment| payment.status == PaymentStatus::Reversed;
        let compared = self.compared
            && payment.status.is_charged() == self.payment.status.is_charged()
            && is_reversed(&payment) == is_reversed(&self.payment);
        Self {
            since: now,
            tries: 0,
            compared,
            look_at: payment.next_check_at(now, 0, self.payable_until, compared),
            payment,
            version: self.version + 1,
            event: event.or_else(|| self.event.clone()),
            ..self.clone()
        }
    }

    /// The next version before a provider call: no other process calls the provider until the next check is due. The
    /// checks' interval grows with each try.
    #[must_use]
    pub fn with_claim(&self, now: Timestamp) -> Self {
        let tries = self.tries + 1;
        let next = self.next(self.payment.clone(), None, now);
        Self {
            since: if self.tries == 0 { now } else { self.since },
            asked: self.asked + 1,
            tries,
            look_at: self
                .payment
                .next_check_at(now, tries, self.payable_until, self.compared),
            ..next
        }
    }

    /// The next version after a comparison with the provider's records.
    #[must_use]
    pub fn with_comparison(&self, now: Timestamp) -> Self {
        let compared = Self {
            compared: true,
            ..self.clone()
        };
        compared.next(self.payment.clone(), None, now)
    }

    /// The payment with a request that changes it.
    #[must_use]
    pub fn with_request(mut self, request: &PaymentRequest) -> Self {
        if self.requests.len() >= MAX_REQUESTS {
            self.requests.remove(0);
        }
        self.requests.push(KnownRequest {
            request_id: request.request_id,
            fingerprint: request.fingerprint.clone(),
        });
        self
    }

    /// Whether a request has changed the payment before, even if its record is gone.
    ///
    /// # Errors
    /// `idempotency-key-reused` when its key was used for another request.
    pub fn has_request(&self, request_id: Uuid, fingerprint: &Fingerprint) -> Result<bool, Rejection> {
        let known = self.requests.iter().find(|known| known.request_id == request_id);
        if let Some(known) = known {
            known.fingerprint.require_same(fingerprint)?;
        }
        Ok(known.is_some() || self.payment.refund(request_id).is_some())
    }

    /// The id of a refund that is requested because of this version, for `cause`.
    pub fn refund_id(&self, cause: &str) -> Uuid {
        derive_id(&[cause, &self.payment.payment_id.to_string(), &self.version.to_string()])
    }

    /// The provider call about this payment.
    pub fn attempt(&self) -> Attempt<'_> {
        Attempt {
            payment: &self.payment,
            confirmation: self.confirmation.as_deref(),
            // The first check repeats the original request, with its key.
            nth: self.asked.saturating_sub(1),
        }
    }
}

/// A request that changed a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRequest {
    /// The request's id. Derived from the caller and the idempotency key.
    pub request_id: Uuid,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
}

/// A request about payments: it started, confirmed or changed a payment, or cancelled an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// The request's id. Derived from the caller and the idempotency key.
    pub request_id: Uuid,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// The payment. Absent if there is none yet, or the request cancelled an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    /// The sender of the request.
    pub requested_by: Actor,
    /// The time of the request.
    pub requested_at: Timestamp,
}

impl PaymentStore {
    /// Creates the store of the table in the environment variable `PAYMENTS_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "PAYMENTS_TABLE")?,
        })
    }

    /// Reads a payment of any customer, consistently.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: PaymentId, deadline: Instant) -> Result<Option<StoredPayment>, Error> {
        self.table.read("read a payment", key(payment_key(id)), deadline).await
    }

    /// Reads a request, if it was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn request(&self, id: Uuid, deadline: Instant) -> Result<Option<PaymentRequest>, Error> {
        self.table.read("read a request", key(request_key(id)), deadline).await
    }

    /// Reads the existing payments of `ids` consistently, in no order, and the errors of damaged items.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_all(
        &self,
        ids: &[PaymentId],
        deadline: Instant,
    ) -> Result<(Vec<StoredPayment>, Vec<Error>), Error> {
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().map(|id| key(payment_key(*id))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, "read due payments", vec![wanted], deadline).await?;
        let (good, bad): (Vec<_>, Vec<_>) = found
            .into_values()
            .flatten()
            .map(|item| parse("read a payment", item))
            .partition(Result::is_ok);
        Ok((
            good.into_iter().filter_map(Result::ok).collect(),
            bad.into_iter().filter_map(Result::err).collect(),
        ))
    }

    /// Reads a page of the payments of one shard whose check is due at `now`, the earliest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        after: Option<DuePosition>,
        deadline: Instant,
    ) -> Result<DuePage<PaymentId>, Error> {
        let id_in = |pk: &str| uuid_in(pk, "PAYMENT#").map(PaymentId);
        due::page(&self.table, shard, now, after, deadline, id_in).await
    }

    /// Saves a changed payment. Returns false when it has changed since it was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, payment: &StoredPayment, deadline: Instant) -> Result<bool, Error> {
        let items = vec![put(self.put_if_version(payment)?)?];
        transact_changes(&self.table.client, "save a payment", items, 1, deadline).await
    }

    /// Saves a request that changes no payment. Returns false when it was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn record_request(&self, request: &PaymentRequest, deadline: Instant) -> Result<bool, Error> {
        let items = vec![put(self.put_request(request)?)?];
        transact_changes(&self.table.client, "save a request", items, 1, deadline).await
    }

    /// Builds the put of a payment. Fails its condition when the payment has changed, or was created, since it was
    /// read.
    pub fn put_if_version(&self, stored: &StoredPayment) -> Result<PutBuilder, Error> {
        let id = stored.payment.payment_id;
        let mut item = item_of("save a payment", payment_key(id), stored)?;
        // For the conditions of others.
        let is_kept = stored.payment.require_kept().is_ok();
        item.insert("is_kept".into(), AttributeValue::Bool(is_kept));
        if let Some(at) = stored.look_at {
            due::put_on_index(&mut item, id.0, at);
        }
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item));
        Ok(if stored.version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :read")
                .expression_attribute_values(":read", number(stored.version - 1))
        })
    }

    /// Builds the check that a payment still pays for goods, as [`Payment::require_kept`] demands.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn kept(&self, id: PaymentId) -> Result<TransactWriteItem, Error> {
        let kept = ConditionCheck::builder()
            .table_name(&self.table.name)
            .set_key(Some(key(payment_key(id))))
            .condition_expression("is_kept = :yes")
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        check(kept)
    }

    /// Builds the put of a new request. Fails its condition when the request was made before.
    pub(crate) fn put_request(&self, request: &PaymentRequest) -> Result<PutBuilder, Error> {
        let mut item: Item = item_of("save a request", request_key(request.request_id), request)?;
        item.insert(
            "swept_at".into(),
            number((request.requested_at + REQUEST_RETENTION).as_second()),
        );
        Ok(Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)"))
    }
}

fn payment_key(id: PaymentId) -> String {
    format!("PAYMENT#{id}")
}

fn request_key(id: Uuid) -> String {
    format!("REQUEST#{id}")
}
