//! Subscriptions and invoices as they are kept, and what follows each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::invoice::{Invoice, InvoiceStatus};
use crate::subscription::{Policy, Subscription, SubscriptionStatus};
use shared::aws::encryption::EncryptedSecret;
use shared::catalog::Hold;
use shared::core::event::Record;
use shared::core::id::SubscriptionId;
use shared::core::idempotency::Fingerprint;
use shared::payments::Provider;

/// The right to charge a card without its owner, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// Who charges the card.
    pub provider: Provider,
    /// What the key is found by when its provider names it.
    pub key_id: Uuid,
    /// The key, which nobody reads without the right to decrypt.
    pub sealed: EncryptedSecret,
}

/// A subscription as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSubscription {
    /// What its customer sees.
    #[serde(flatten)]
    pub subscription: Subscription,
    /// The key to the card that is charged; none once the subscription is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<StoredKey>,
    /// Keys that are used no more, and are to be deleted at their providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<StoredKey>,
    /// What was asked for when it began, to tell a retry from another request.
    pub fingerprint: Fingerprint,
    /// When something is to be done about it next: its place on the index of due work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Counts the changes, from 1; each write is conditional on the one that was read.
    pub version: u64,
    /// Its newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredSubscription {
    /// What is to be kept after this, with `invoice` open, and with the event that tells of it, if it is one to be told.
    ///
    /// Once the subscription is over and no attempt is under way, its key is retired.
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
        next.subscription = subscription;
        next.version += 1;
        next.event = event.or(next.event);
        next
    }

    /// What is to be kept after a change with which nothing is due sooner or later.
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

/// An invoice as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredInvoice {
    /// What its customer sees.
    #[serde(flatten)]
    pub invoice: Invoice,
    /// The units that it holds while it is being charged; once it is paid its order has them.
    pub holds: Vec<Hold>,
    /// What the provider calls the payment under way, where it has to be known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who keeps the attempt that is under way: how a function knows its own after a lost answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<Uuid>,
    /// Since when it stands as it does.
    pub since: Timestamp,
    /// How often its provider was asked about the attempt under way in vain.
    pub tries: u32,
    /// How often its provider was asked for the money in all: no try has the idempotency key of an earlier one.
    pub asked: u32,
    /// Counts the changes, from 1; each write is conditional on the one that was read.
    pub version: u64,
    /// Its newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredInvoice {
    /// An invoice that is not kept yet: its first [`StoredInvoice::next`] is.
    pub const fn unsaved(invoice: Invoice, now: Timestamp) -> Self {
        Self {
            invoice,
            holds: vec![],
            reference: None,
            begun_by: None,
            since: now,
            tries: 0,
            asked: 0,
            version: 0,
            event: None,
        }
    }

    /// What is to be kept after this, holding nothing, with the event that tells of it, if it is one to be told.
    #[must_use]
    pub fn next(&self, invoice: Invoice, event: Option<Record>, now: Timestamp) -> Self {
        Self {
            invoice,
            holds: vec![],
            reference: None,
            begun_by: None,
            since: now,
            tries: 0,
            asked: self.asked,
            version: self.version + 1,
            event: event.or_else(|| self.event.clone()),
        }
    }

    /// What is to be kept while its provider is asked about the attempt under way, and perhaps for the money once more:
    /// nobody else asks meanwhile.
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

/// A request that changed a subscription: what makes its retry the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRequest {
    /// Derived from the caller and their idempotency key.
    pub request_id: Uuid,
    /// What was asked for, to tell a retry from another request.
    pub fingerprint: Fingerprint,
    /// The subscription that it is about.
    pub subscription_id: SubscriptionId,
    /// When it was made.
    pub requested_at: Timestamp,
}
