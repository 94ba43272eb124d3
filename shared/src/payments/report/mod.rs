//! Providers' reports and the changes that they make: the only place that decides which order a charge pays.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::id::PaymentId;
use crate::core::money::Money;
use crate::orders::{Order, OrderId};
use crate::payments::{DepositAccount, Payment, PaymentStatus, Provider};

/// A provider's report of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The provider.
    pub provider: Provider,
    /// The provider's reference of the payment.
    pub reference: String,
    /// The payment's order.
    pub order_id: OrderId,
    /// The amount to charge, or the charged amount.
    pub amount: Money,
    /// The refunded sum.
    pub refunded: Money,
    /// The payment's status at the provider.
    pub status: ProviderStatus,
    /// The account for the deposit, if the customer pays by deposit.
    pub deposit: Option<DepositAccount>,
    /// The secret that authenticates the provider's deposit webhook.
    pub deposit_secret: Option<String>,
}

impl Report {
    /// The id of the reported payment.
    pub fn payment_id(&self) -> PaymentId {
        PaymentId::of(self.provider, &self.reference)
    }
}

/// The status of a payment at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// The customer has not paid yet, or we have not confirmed the payment yet.
    Pending,
    /// The provider is processing the payment.
    Processing,
    /// The provider waits for the customer's deposit.
    AwaitingDeposit,
    /// The payment was charged. It may be partly or fully refunded.
    Charged,
    /// Nothing was charged, and nothing will be unless the customer pays again.
    Failed(Failure),
}

/// The reason for a provider's refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The provider's code.
    #[schema(examples("REJECT_CARD_PAYMENT"))]
    pub code: String,
    /// A message for the customer.
    pub message: String,
    /// The card issuer's advice on another attempt, if the provider passes one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub advice: Option<Advice>,
}

/// A card issuer's advice on another attempt to charge the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Advice {
    /// The card's number or expiry date is wrong.
    ConfirmCardData,
    /// No attempt will succeed.
    DoNotTryAgain,
    /// A later attempt may succeed.
    TryAgainLater,
}

impl Failure {
    /// Creates a failure with the provider's `code`.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            advice: None,
        }
    }
}

/// The change that a report makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The changed payment.
    pub payment: Payment,
    /// The changed order, if the order changes too.
    pub order: Option<Order>,
    /// The event about the payment, if there is one.
    pub event_kind: Option<PaymentEventKind>,
}

/// The kind of event about a changed payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentEventKind {
    /// The payment was charged and the order is paid.
    Confirmed,
    /// The payment failed.
    Failed,
    /// The outcome of the payment is unknown.
    Unknown,
    /// The payment was charged but cannot pay the order.
    Unservable,
    /// A refund was requested.
    RefundRequested,
    /// Money was refunded.
    Refunded,
    /// The payment needs a review.
    ReviewNeeded,
}

impl Payment {
    /// The change that `report` makes to this payment and its `order`. `None` when the report has nothing new.
    ///
    /// A charge is accepted in every state. It pays the order if the order waits for exactly this amount; otherwise the
    /// payment is unservable and is refunded. A failure is accepted only before a charge. `current` means that the
    /// payment has not changed since the provider was queried: only then can a failure after a charge be more than an
    /// old report.
    pub fn after(&self, report: &Report, order: &Order, current: bool, now: Timestamp) -> Option<Change> {
        let mut payment = self.clone();
        if payment.deposit.is_none() {
            payment.deposit.clone_from(&report.deposit);
        }
        match (&report.status, self.status.is_charged()) {
            (ProviderStatus::Charged, false) => Some(payment.charged(report, order, now)),
            (ProviderStatus::Charged, true) => payment.apply_reported_refunds(report.refunded, now).then_some(Change {
                payment,
                order: None,
                event_kind: Some(PaymentEventKind::Refunded),
            }),
            (ProviderStatus::Failed(failure), false) => {
                if self.status == PaymentStatus::Failed {
                    return None;
                }
                payment.status = PaymentStatus::Failed;
                payment.failure = Some(failure.clone());
                payment.review = None;
                Some(Change {
                    order: order.to_pending_payment(self.payment_id),
                    payment,
                    event_kind: Some(PaymentEventKind::Failed),
                })
            }
            (ProviderStatus::AwaitingDeposit, false) => {
                if matches!(self.status, PaymentStatus::AwaitingDeposit | PaymentStatus::Failed) {
                    return None;
                }
                payment.status = PaymentStatus::AwaitingDeposit;
                Some(Change {
                    order: order.to_pending_payment(self.payment_id),
                    payment,
                    event_kind: None,
                })
            }
            (ProviderStatus::Failed(_) | ProviderStatus::AwaitingDeposit, true) => {
                let needs_review = current && self.status != PaymentStatus::Refunded && self.review.is_none();
                needs_review.then(|| Change {
                    payment: payment.in_review(
                        "The provider charged the payment, and now reports that it did not.",
                        now,
                    ),
                    order: None,
                    event_kind: Some(PaymentEventKind::ReviewNeeded),
                })
            }
            (ProviderStatus::Pending | ProviderStatus::Processing, _) => None,
        }
    }

    /// The payment after a confirmation found that the customer has not paid yet.
    ///
    /// The order waits for payment again. Otherwise a customer could hold stock without paying.
    pub fn not_paid_yet(&self, order: &Order) -> Option<Change> {
        matches!(self.status, PaymentStatus::Confirming | PaymentStatus::Unknown).then(|| Change {
            payment: Self {
                status: PaymentStatus::Started,
                ..self.clone()
            },
            order: order.to_pending_payment(self.payment_id),
            event_kind: None,
        })
    }

    /// The change that pays the order with an unservable payment, if the order now waits for exactly this amount.
    pub fn applied_to_order(&self, order: &Order, now: Timestamp) -> Option<Change> {
        let is_wanted = self.status == PaymentStatus::Unservable && self.covers(order);
        let paid = is_wanted.then(|| order.paid(self.payment_id, now).ok()).flatten()?;
        Some(self.with_paid_order(paid))
    }

    /// The change that pays an expired order with an unservable payment. The caller takes the stock again.
    pub fn applied_to_expired_order(&self, order: &Order, now: Timestamp) -> Option<Change> {
        let is_wanted = self.status == PaymentStatus::Unservable && self.covers(order);
        let paid = is_wanted
            .then(|| order.reinstated(self.payment_id, now).ok())
            .flatten()?;
        Some(self.with_paid_order(paid))
    }

    fn covers(&self, order: &Order) -> bool {
        self.amount == order.total && self.refunded.amount() == 0 && self.pending_refund().is_none()
    }

    fn with_paid_order(&self, order: Order) -> Change {
        Change {
            payment: Self {
                status: PaymentStatus::Paid,
                review: None,
                ..self.clone()
            },
            order: Some(order),
            event_kind: Some(PaymentEventKind::Confirmed),
        }
    }

    /// The change that a charge makes.
    fn charged(mut self, report: &Report, order: &Order, now: Timestamp) -> Change {
        self.amount = report.amount;
        self.refunded = Money::zero(report.amount.currency());
        self.paid_at = Some(now);
        self.failure = None;
        // The report answers the review's question.
        self.review = None;
        self.status = PaymentStatus::Unservable;
        self.apply_reported_refunds(report.refunded, now);
        if self.status == PaymentStatus::Refunded {
            return Change {
                order: order.to_pending_payment(self.payment_id),
                payment: self,
                event_kind: Some(PaymentEventKind::Refunded),
            };
        }
        if report.amount == order.total
            && let Ok(paid) = order.paid(self.payment_id, now)
        {
            self.status = PaymentStatus::Paid;
            return Change {
                payment: self,
                order: Some(paid),
                event_kind: Some(PaymentEventKind::Confirmed),
            };
        }
        Change {
            order: order.to_pending_payment(self.payment_id),
            payment: self,
            event_kind: Some(PaymentEventKind::Unservable),
        }
    }
}

#[cfg(test)]
mod tests;
