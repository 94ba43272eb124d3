//! Subscriptions and invoices as stored, and their next versions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::BillingEvent;
use crate::invoice::{Invoice, InvoiceStatus};
use crate::subscription::{Policy, Subscription, SubscriptionStatus};
use shared::aws::encryption::EncryptedSecret;
use shared::aws::lambda::Invocation;
use shared::catalog::Hold;
use shared::core::actor::Actor;
use shared::core::destination::Destination;
use shared::core::error::Error;
use shared::core::event::Record;
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;
use shared::coupons::CouponClaimId;
use shared::orders::SealedDetails;
use shared::payments::Provider;

/// A billing key as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// The provider of the key.
    pub provider: Provider,
    /// The key's id, a hash. It finds the key when the provider names it.
    pub key_id: Uuid,
    /// The encrypted key.
    pub sealed: EncryptedSecret,
}

/// A subscription as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSubscription {
    /// The subscription as its customer sees it.
    #[serde(flatten)]
    pub subscription: Subscription,
    /// The billing key. `None` after the subscription has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<StoredKey>,
    /// Unused keys that must be deleted at their providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<StoredKey>,
    /// Who receives the orders of the subscription, and where, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_details: Option<SealedDetails>,
    /// The fingerprint of the request that created it. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// The time of the next due work: its position on the due index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. The table's stream delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
    /// The claim of a coupon that goes back in the write of this version. Not stored.
    #[serde(skip)]
    pub gives_back: Option<CouponClaimId>,
}

impl StoredSubscription {
    /// The next version, with `invoice` as the open invoice and the change's event if it has one.
    ///
    /// Retires the key after the subscription has ended and no attempt is in progress. A coupon that goes back does so in the write
    /// of this version.
    #[must_use]
    pub fn next(
        &self,
        subscription: Subscription,
        invoice: Option<&Invoice>,
        event: Option<Record>,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        let invoice = invoice.filter(|invoice| subscription.open_period == Some(invoice.of.period));
        let is_charging = invoice.is_some_and(|invoice| invoice.status == InvoiceStatus::Charging);
        let mut next = self.clone();
        if subscription.status == SubscriptionStatus::Cancelled && !is_charging {
            next.retired.extend(next.key.take());
        }
        next.due_at = if next.retired.is_empty() || is_charging {
            subscription.due_at(invoice, policy)
        } else {
            Some(now)
        };
        next.gives_back = self.subscription.claim_given_back_by(&subscription);
        next.subscription = subscription;
        next.version += 1;
        next.event = event.or(next.event);
        next
    }

    /// The next version after a change that does not affect due work, with its event.
    #[must_use]
    pub fn with_event(&self, subscription: Subscription, event: Record) -> Self {
        Self {
            subscription,
            version: self.version + 1,
            event: Some(event),
            ..self.clone()
        }
    }
}

/// An invoice as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredInvoice {
    /// The invoice as its customer sees it.
    #[serde(flatten)]
    pub invoice: Invoice,
    /// The units that it holds while it is being charged. After payment, its order has them.
    pub holds: Vec<Hold>,
    /// The provider's reference of the attempt in progress, for providers that assign it before the charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The id of the call that saved the attempt in progress. The call recognizes its own attempt after a lost
    /// response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<Uuid>,
    /// The destination for which the invoice is priced. Another attempt for another destination is priced anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// Who receives the order of the attempt in progress, and where, encrypted: what the subscription said when the price was
    /// computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_details: Option<SealedDetails>,
    /// The time of the last change.
    pub since: Timestamp,
    /// The number of queries about the attempt in progress without a result.
    pub tries: u32,
    /// The number of all tries. It gives each try its own idempotency key.
    pub asked: u32,
    /// Counts the changes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The newest event. The table's stream delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredInvoice {
    /// Creates an invoice in version 0. [`StoredInvoice::next`] returns the first version to save.
    pub const fn unsaved(invoice: Invoice, now: Timestamp) -> Self {
        Self {
            invoice,
            holds: vec![],
            reference: None,
            begun_by: None,
            destination: None,
            delivery_details: None,
            since: now,
            tries: 0,
            asked: 0,
            version: 0,
            event: None,
        }
    }

    /// The next version, without holds, with the change's event if it has one.
    #[must_use]
    pub fn next(&self, invoice: Invoice, event: Option<Record>, now: Timestamp) -> Self {
        Self {
            invoice,
            holds: vec![],
            reference: None,
            begun_by: None,
            destination: self.destination.clone(),
            delivery_details: None,
            since: now,
            tries: 0,
            asked: self.asked,
            version: self.version + 1,
            event: event.or_else(|| self.event.clone()),
        }
    }

    /// The next version of a void invoice, with its event.
    ///
    /// # Errors
    /// [`Error::Internal`] when the event cannot be serialized.
    pub fn voided(&self, void: Invoice, invocation: &Invocation) -> Result<Self, Error> {
        let event = invocation.record(&BillingEvent::InvoiceVoided(void.clone()))?;
        Ok(self.next(void, Some(event), invocation.now))
    }

    /// The next version before a provider call about the attempt in progress: no other process calls the provider
    /// meanwhile.
    #[must_use]
    pub fn with_claim(&self, now: Timestamp) -> Self {
        let tries = self.tries + 1;
        Self {
            invoice: self.invoice.check_later(tries, now),
            tries,
            asked: self.asked + 1,
            version: self.version + 1,
            ..self.clone()
        }
    }
}

/// A request that changed a subscription. It makes retries idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRequest {
    /// The request's id. Derived from the caller and the idempotency key.
    pub request_id: Uuid,
    /// The fingerprint of the request. It distinguishes a retry from another request.
    pub fingerprint: Fingerprint,
    /// The changed subscription.
    pub subscription_id: SubscriptionId,
    /// The sender of the request.
    pub requested_by: Actor,
    /// The time of the request.
    pub requested_at: Timestamp,
}
