//! The events of the payments domain.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::PaymentEventKind;
use super::{Payment, Provider};

crate::domain_events! {
    /// An event about a payment.
    pub enum PaymentEvent from "madang.payments" {
        /// A payment was charged, and its order is paid.
        PaymentConfirmed(Payment),
        /// A payment failed. Nothing was charged.
        PaymentFailed(Payment),
        /// The outcome of a payment is unknown. The provider will be queried again.
        PaymentUnknown(Payment),
        /// A payment was charged, or its money came back, but cannot pay its order. It is refunded, or pays the order if
        /// its stock can be taken again.
        PaymentUnservable(Payment),
        /// A refund was requested: by an administrator, for units that were cancelled or returned, or again after it was
        /// refused.
        RefundRequested(Payment),
        /// Money of a payment was refunded.
        PaymentRefunded(Payment),
        /// The customer's bank opened, changed or decided a dispute of a payment.
        PaymentDisputed(Payment),
        /// An administrator recorded that the customer's bank or the provider took money of a payment back.
        PaymentReversed(Payment),
        /// A payment has a new matter that a person must decide: `reviews` has the matters.
        PaymentReviewNeeded(Payment),
    }
}

impl PaymentEvent {
    /// Creates the event of a kind about `payment`.
    pub const fn of(event_kind: PaymentEventKind, payment: Payment) -> Self {
        match event_kind {
            PaymentEventKind::Confirmed => Self::PaymentConfirmed(payment),
            PaymentEventKind::Failed => Self::PaymentFailed(payment),
            PaymentEventKind::Unknown => Self::PaymentUnknown(payment),
            PaymentEventKind::Unservable => Self::PaymentUnservable(payment),
            PaymentEventKind::RefundRequested => Self::RefundRequested(payment),
            PaymentEventKind::Refunded => Self::PaymentRefunded(payment),
            PaymentEventKind::Disputed => Self::PaymentDisputed(payment),
            PaymentEventKind::Reversed => Self::PaymentReversed(payment),
            PaymentEventKind::ReviewNeeded => Self::PaymentReviewNeeded(payment),
        }
    }
}

crate::domain_events! {
    /// A provider's report about a billing key.
    pub enum BillingKeyEvent from "madang.payments" {
        /// A provider reported that a billing key was deleted. The report is not authenticated: its consumer requests a
        /// new card, but still charges the key when it is due.
        BillingKeyDeleted(BillingKeyDeletion),
    }
}

/// The report that a billing key was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillingKeyDeletion {
    /// The provider.
    pub provider: Provider,
    /// The key's id, a hash from which the key cannot be guessed.
    pub key_id: Uuid,
    /// The time at which the report arrived.
    pub reported_at: Timestamp,
}
