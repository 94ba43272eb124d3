//! What happens in the domain `payments`, as the bus tells it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::PaymentEventKind;
use super::{Payment, Provider};

crate::domain_events! {
    /// Something that happened to a payment.
    pub enum PaymentEvent from "madang.payments" {
        /// The money of a payment was taken, and its order is paid.
        PaymentConfirmed(Payment),
        /// A provider took no money.
        PaymentFailed(Payment),
        /// Whether a provider took the money is not known; it will be asked again.
        PaymentUnknown(Payment),
        /// The money of a payment was taken, and its order cannot have it; it goes back, or finds its stock again.
        PaymentUnservable(Payment),
        /// A refund is to be made: an administrator asked for it, or what was refused is asked for again.
        RefundRequested(Payment),
        /// Money of a payment went back.
        PaymentRefunded(Payment),
        /// A person must look at a payment.
        PaymentReviewNeeded(Payment),
    }
}

impl PaymentEvent {
    /// The event that tells `event_kind` of `payment`.
    pub const fn of(event_kind: PaymentEventKind, payment: Payment) -> Self {
        match event_kind {
            PaymentEventKind::Confirmed => Self::PaymentConfirmed(payment),
            PaymentEventKind::Failed => Self::PaymentFailed(payment),
            PaymentEventKind::Unknown => Self::PaymentUnknown(payment),
            PaymentEventKind::Unservable => Self::PaymentUnservable(payment),
            PaymentEventKind::RefundRequested => Self::RefundRequested(payment),
            PaymentEventKind::Refunded => Self::PaymentRefunded(payment),
            PaymentEventKind::ReviewNeeded => Self::PaymentReviewNeeded(payment),
        }
    }
}

crate::domain_events! {
    /// Something that a provider reports of a billing key.
    pub enum BillingKeyEvent from "madang.payments" {
        /// A provider reports that a billing key was deleted. Nothing proves the report: its consumer asks for a new card
        /// and charges the key all the same when it is due.
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
    /// When the report arrived.
    pub reported_at: Timestamp,
}
