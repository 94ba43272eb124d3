//! What happens in the domain `payments`, as the bus tells it.

use super::Payment;
use super::PaymentEventKind;

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
