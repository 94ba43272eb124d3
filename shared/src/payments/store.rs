//! The payments' table: payments (`PAYMENT#<id>`), found by a sparse index when they are to be looked at, and the
//! requests that changed them (`REQUEST#<id>`).

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::Put;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::aws::Platform;
use crate::aws::dynamodb::due;
use crate::aws::dynamodb::due::{DuePage, DuePosition, uuid_in};
use crate::aws::dynamodb::transaction::{put, transact_changes};
use crate::aws::dynamodb::{Item, Wanted, batch_get, classify_error, item_of, key, number, parse, send_until_answered};
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::id::PaymentId;
use crate::core::idempotency::Fingerprint;
use crate::payments::Payment;
use crate::payments::provider::{Attempt, ClientParameters};

/// How long a request is kept, so that its retries are known: longer than any client retries.
const REQUEST_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The payments' table.
#[derive(Clone, Debug)]
pub struct PaymentStore {
    client: Client,
    table: String,
}

/// A payment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPayment {
    /// What its customer sees.
    #[serde(flatten)]
    pub payment: Payment,
    /// The deadline of its order: until then its customer may be paying.
    pub payable_until: Timestamp,
    /// What its customer brought back from the provider to confirm it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
    /// What its customer's page was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientParameters>,
    /// What the provider proves itself by when it tells of the deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_secret: Option<String>,
    /// Who keeps the attempt that is under way: how a function knows its own after a lost answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<Uuid>,
    /// Since when it stands as it does; once it was looked at in vain, since then.
    pub since: Timestamp,
    /// How often it was looked at in vain since it last changed.
    pub tries: u32,
    /// How often its provider was asked about it in all: no try has the idempotency key of an earlier one.
    #[serde(default)]
    pub asked: u32,
    /// Whether it was compared with the provider's books after it was taken.
    pub compared: bool,
    /// When the reconciler is to look at it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Timestamp>,
    /// Counts the changes, from 1; each write is conditional on the one that was read.
    pub version: u64,
    /// Its newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredPayment {
    /// A payment that is not kept yet: its first [`StoredPayment::next`] is.
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
            version: 0,
            event: None,
        }
    }

    /// What is to be kept after this, with the event that tells of it, if it is one to be told.
    #[must_use]
    pub fn next(&self, payment: Payment, event: Option<Record>, now: Timestamp) -> Self {
        // What was compared before its money was taken is compared anew.
        let compared = self.compared && payment.status.is_charged() == self.payment.status.is_charged();
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

    /// What is to be kept before a provider is asked: nobody else does until the next look is due, and if nothing comes
    /// of this one, that is later than the last time.
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

    /// What is to be kept after its comparison with the provider's books.
    #[must_use]
    pub fn with_comparison(&self, now: Timestamp) -> Self {
        let compared = Self {
            compared: true,
            ..self.clone()
        };
        compared.next(self.payment.clone(), None, now)
    }

    /// The payment as a provider is asked about it.
    pub fn attempt(&self) -> Attempt<'_> {
        Attempt {
            payment: &self.payment,
            confirmation: self.confirmation.as_deref(),
            // The first look repeats the request as it was.
            nth: self.asked.saturating_sub(1),
        }
    }
}

/// A request that changed a payment: what makes its retry the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// Derived from the caller and their idempotency key.
    pub request_id: Uuid,
    /// What was asked for, to tell a retry from another request.
    pub fingerprint: Fingerprint,
    /// The payment that it is about.
    pub payment_id: PaymentId,
    /// When it was made.
    pub requested_at: Timestamp,
}

impl PaymentStore {
    /// The table that the variable `PAYMENTS_TABLE` names.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            client: platform.dynamodb(),
            table: platform.variable("PAYMENTS_TABLE")?,
        })
    }

    /// The payment, whoever's it is, as it stands now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: PaymentId, deadline: Instant) -> Result<Option<StoredPayment>, Error> {
        self.read(payment_key(id), deadline).await
    }

    /// The request, when it was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn request(&self, id: Uuid, deadline: Instant) -> Result<Option<PaymentRequest>, Error> {
        self.read(request_key(id), deadline).await
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, pk: String, deadline: Instant) -> Result<Option<T>, Error> {
        const DOING: &str = "read a payment";
        let send = || async {
            let get = self.client.get_item().table_name(&self.table).consistent_read(true);
            let sent = get.set_key(Some(key(pk.clone()))).send().await;
            sent.map_err(|error| classify_error(DOING, error))
        };
        let answer = send_until_answered(DOING, deadline, send).await?;
        answer.item.map(|item| parse(DOING, item)).transpose()
    }

    /// Those of `ids` that exist, in no order, as they stand now; beside them what is wrong with each that is damaged.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get_all(
        &self,
        ids: &[PaymentId],
        deadline: Instant,
    ) -> Result<(Vec<StoredPayment>, Vec<Error>), Error> {
        let wanted = Wanted {
            table: &self.table,
            keys: ids.iter().map(|id| key(payment_key(*id))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.client, "read due payments", vec![wanted], deadline).await?;
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

    /// A page of the payments of one due shard that are to be looked at by `now`, the longest due first.
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
        due::page(&self.client, &self.table, shard, now, after, deadline, id_in).await
    }

    /// Keeps a payment that changed; false when anything has changed it since it was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, payment: &StoredPayment, deadline: Instant) -> Result<bool, Error> {
        self.save_requested(payment, None, deadline).await
    }

    /// Keeps a payment that changed, and the request that changed it; false when anything has changed it since it was
    /// read, or the request was made before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save_requested(
        &self,
        payment: &StoredPayment,
        request: Option<&PaymentRequest>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let mut items = vec![put(self.put_if_version(payment)?)?];
        if let Some(request) = request {
            items.push(put(self.put_request(request)?)?);
        }
        let records = items.len();
        transact_changes(&self.client, "save a payment", items, records, deadline).await
    }

    /// The put of a payment: refused when anything has changed it since it was read, or made it meanwhile.
    pub fn put_if_version(&self, stored: &StoredPayment) -> Result<PutBuilder, Error> {
        let id = stored.payment.payment_id;
        let mut item = item_of("save a payment", payment_key(id), stored)?;
        if let Some(at) = stored.look_at {
            due::put_on_index(&mut item, id.0, at);
        }
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        Ok(if stored.version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :read")
                .expression_attribute_values(":read", number(stored.version - 1))
        })
    }

    /// The put of a new request: refused when it was made before.
    pub(crate) fn put_request(&self, request: &PaymentRequest) -> Result<PutBuilder, Error> {
        let mut item: Item = item_of("save a request", request_key(request.request_id), request)?;
        item.insert(
            "swept_at".into(),
            number((request.requested_at + REQUEST_RETENTION).as_second()),
        );
        Ok(Put::builder()
            .table_name(&self.table)
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
