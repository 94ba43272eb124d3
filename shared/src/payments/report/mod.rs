//! What a provider says of a payment, and what follows from it: the one place where money and orders are judged.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::id::PaymentId;
use crate::core::money::Money;
use crate::orders::{Order, OrderId};
use crate::payments::{DepositAccount, Payment, PaymentStatus, Provider};

/// What a provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who says it.
    pub provider: Provider,
    /// What the provider calls the payment.
    pub reference: String,
    /// The order that it is for.
    pub order_id: OrderId,
    /// What is to be taken or was taken.
    pub amount: Money,
    /// What went back of it.
    pub refunded: Money,
    /// Where it stands.
    pub status: ProviderStatus,
    /// Where its customer is to send the money, when they pay by deposit.
    pub deposit: Option<DepositAccount>,
    /// What the provider proves itself by when it tells of the deposit.
    pub deposit_secret: Option<String>,
}

impl Report {
    /// The id of the payment that it is about.
    pub fn payment_id(&self) -> PaymentId {
        PaymentId::of(self.provider, &self.reference)
    }
}

/// Where a payment stands at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// The customer has not paid yet, or we have not asked for the money yet.
    Pending,
    /// The provider is at work.
    Processing,
    /// It waits for the customer's deposit.
    AwaitingDeposit,
    /// The money was taken, some of it perhaps given back.
    Charged,
    /// No money was taken, and none will be unless the customer pays anew.
    Failed(Failure),
}

/// Why a provider said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The provider's own code.
    #[schema(examples("REJECT_CARD_PAYMENT"))]
    pub code: String,
    /// What a shopper can make of it.
    pub message: String,
}

impl Failure {
    /// A failure called `code` by its provider.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// What a report changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The payment after it.
    pub payment: Payment,
    /// The order after it, when the order changes too.
    pub order: Option<Order>,
    /// What there is to tell of the payment.
    pub event_kind: Option<PaymentEventKind>,
}

/// What there is to tell of a payment that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentEventKind {
    /// The money was taken and the order is paid.
    Confirmed,
    /// No money was taken.
    Failed,
    /// Whether money was taken is not known.
    Unknown,
    /// The money was taken and the order cannot have it.
    Unservable,
    /// A refund is to be made.
    RefundRequested,
    /// Money went back.
    Refunded,
    /// A person must look at it.
    ReviewNeeded,
}

impl Payment {
    /// What follows from `report` for this payment and its `order`; nothing when it says nothing new.
    ///
    /// Money that was taken is believed in every state. It pays the order when the order waits for exactly it, else it
    /// is unservable and goes back. A no is believed only while nothing was taken. `current` says that nothing has
    /// changed the payment since the provider was asked: only then can a no after a yes be more than an old message.
    pub fn after(&self, report: &Report, order: &Order, current: bool, now: Timestamp) -> Option<Change> {
        let mut payment = self.clone();
        if payment.deposit.is_none() {
            payment.deposit.clone_from(&report.deposit);
        }
        match (&report.status, self.status.is_charged()) {
            (ProviderStatus::Charged, false) => Some(payment.charged(report, order, now)),
            (ProviderStatus::Charged, true) => payment.take_over_refunds(report.refunded, now).then_some(Change {
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
                    order: order.payable_again(self.payment_id),
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
                    order: order.payable_again(self.payment_id),
                    payment,
                    event_kind: None,
                })
            }
            (ProviderStatus::Failed(_) | ProviderStatus::AwaitingDeposit, true) => {
                let is_news = current && self.status != PaymentStatus::Refunded && self.review.is_none();
                is_news.then(|| Change {
                    payment: payment.in_review("The provider took the money, and now says that it has none.", now),
                    order: None,
                    event_kind: Some(PaymentEventKind::ReviewNeeded),
                })
            }
            (ProviderStatus::Pending | ProviderStatus::Processing, _) => None,
        }
    }

    /// The payment, when the provider was asked for the money and its customer turned out not to have paid yet.
    ///
    /// Its order waits for payment again: else one could hold stock for as long as one liked without paying.
    pub fn not_paid_yet(&self, order: &Order) -> Option<Change> {
        matches!(self.status, PaymentStatus::Confirming | PaymentStatus::Unknown).then(|| Change {
            payment: Self {
                status: PaymentStatus::Started,
                ..self.clone()
            },
            order: order.payable_again(self.payment_id),
            event_kind: None,
        })
    }

    /// The unservable payment and its order, when the order can have it after all: it waits for exactly this money.
    pub fn applied_to_order(&self, order: &Order, now: Timestamp) -> Option<Change> {
        let is_wanted = self.status == PaymentStatus::Unservable && self.covers(order);
        let paid = is_wanted.then(|| order.paid(self.payment_id, now).ok()).flatten()?;
        Some(self.with_paid_order(paid))
    }

    /// The unservable payment and its expired order, when both can live if the stock is taken anew.
    pub fn applied_to_expired_order(&self, order: &Order, now: Timestamp) -> Option<Change> {
        let is_wanted = self.status == PaymentStatus::Unservable && self.covers(order);
        let paid = is_wanted.then(|| order.revived(self.payment_id, now).ok()).flatten()?;
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

    /// The money was taken: who gets it?
    fn charged(mut self, report: &Report, order: &Order, now: Timestamp) -> Change {
        self.amount = report.amount;
        self.refunded = Money::zero(report.amount.currency());
        self.paid_at = Some(now);
        self.failure = None;
        // Whatever a person was to decide, the provider has said it.
        self.review = None;
        self.status = PaymentStatus::Unservable;
        self.take_over_refunds(report.refunded, now);
        if self.status == PaymentStatus::Refunded {
            return Change {
                order: order.payable_again(self.payment_id),
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
            order: order.payable_again(self.payment_id),
            payment: self,
            event_kind: Some(PaymentEventKind::Unservable),
        }
    }
}

#[cfg(test)]
mod tests;
