//! The balance of a payment: what was charged is refunded, withdrawn by the customer's bank, or kept.
//!
//! Invariants, after every change: `amount = refunded + withdrawn + kept`, no part is negative, and what is owed to the
//! customer is at most what is kept. So money that the bank took back is not owed a second time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::money::Money;
use crate::orders::{Order, OrderStatus};
use crate::payments::{DisputeStatus, Payment, PaymentStatus, Refund, RefundReason, RefundStatus, Rejected};

/// The reversal of a payment by the customer's bank or the provider, such as the withdrawal of a deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reversal {
    /// The amount that was taken back.
    pub amount: Money,
    /// The time at which the reversal was recorded.
    pub reversed_at: Timestamp,
    /// Whether an administrator recorded it, because the provider's API does not report it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub decided: bool,
    /// The payment's `charged_at` at that time: a later report of the charge is news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub charged_at: Option<Timestamp>,
}

impl Payment {
    /// The part of the charge that is still with the shop.
    pub fn kept(&self) -> Money {
        let left = self.refundable_without_withdrawals();
        left.saturating_sub(self.withdrawn.unwrap_or(Money::zero(left.currency())))
    }

    /// Checks that the payment still pays for goods: something is kept of it that is not owed to the customer.
    ///
    /// # Errors
    /// [`Rejected::NotKept`].
    pub fn require_kept(&self) -> Result<(), Rejected> {
        if self.kept().amount() > self.owed().amount() {
            return Ok(());
        }
        Err(Rejected::NotKept)
    }

    /// The amount that can still be refunded.
    pub fn refundable(&self) -> Money {
        self.kept()
    }

    /// The sum that the customer has back: by refunds, lost disputes and reversals. It can exceed the payment, since a bank
    /// can take back what was refunded. A dispute that is open or won does not count: the customer's bank has not decided,
    /// or the shop keeps the money.
    pub fn returned(&self) -> u64 {
        let lost = self
            .disputes
            .iter()
            .filter(|dispute| dispute.status == DisputeStatus::Lost && dispute.funds_withdrawn);
        let reversed = self.reversal.iter().map(|reversal| reversal.amount);
        lost.map(|dispute| dispute.amount)
            .chain(reversed)
            .map(Money::amount)
            .fold(self.refunded.amount(), u64::saturating_add)
    }

    /// The sum that the shop owes to the customer: pending refunds, refunds that were refused or failed, and all that is kept
    /// of an unservable payment. At most what is kept.
    pub fn owed(&self) -> Money {
        if self.status == PaymentStatus::Unservable {
            return self.kept();
        }
        let open = self
            .refunds
            .iter()
            .filter(|refund| refund.status == RefundStatus::Pending || self.is_unmet(refund));
        self.sum(open.map(|refund| refund.amount)).min(self.kept())
    }

    /// Brings the status, the pending refund and the reviews in line with the sums after a change.
    ///
    /// `order` is the payment's order, if the change can return money to the shop: the status then depends on whether
    /// this payment has paid the order.
    pub(crate) fn settle(&mut self, order: Option<&Order>) {
        if !self.status.is_charged() {
            return;
        }
        let left = self.refundable_without_withdrawals();
        let disputed = self.disputes.iter().filter(|dispute| dispute.funds_withdrawn);
        let reversed = self.reversal.iter().map(|reversal| reversal.amount);
        let withdrawn = self
            .sum(disputed.map(|dispute| dispute.amount).chain(reversed))
            .min(left);
        self.withdrawn = (withdrawn.amount() > 0).then_some(withdrawn);
        self.shrink_pending_refund();
        let is_final = !self.has_open_dispute();
        self.status = match (self.kept().amount(), withdrawn.amount()) {
            (0, 0) => PaymentStatus::Refunded,
            (0, _) if is_final => PaymentStatus::Reversed,
            _ => match (self.status, order) {
                (PaymentStatus::Refunded | PaymentStatus::Reversed, Some(order)) if !self.has_paid(order) => {
                    PaymentStatus::Unservable
                }
                (PaymentStatus::Unservable, _) => PaymentStatus::Unservable,
                _ => PaymentStatus::Paid,
            },
        };
        self.refresh_reviews();
    }

    /// Whether this payment has paid `order`. Of an order that was cancelled since, its refund or a fee must be on record:
    /// otherwise nothing was kept when the order was cancelled, and what comes back belongs to the customer.
    fn has_paid(&self, order: &Order) -> bool {
        let has_refund = || {
            self.refunds
                .iter()
                .any(|refund| refund.reason == RefundReason::OrderCancelled)
        };
        let is_its_order = order.payment_id == Some(self.payment_id) && order.paid_at.is_some();
        match order.status {
            OrderStatus::Paid => is_its_order,
            OrderStatus::Cancelled => is_its_order && (has_refund() || order.keeps_fees()),
            _ => false,
        }
    }

    /// The sum of `amounts`, as far as it is an amount.
    pub(crate) fn sum(&self, amounts: impl Iterator<Item = Money>) -> Money {
        amounts.fold(Money::zero(self.amount.currency()), |sum, amount| {
            sum.plus(amount).unwrap_or(sum)
        })
    }

    /// The refunded sum without refunds by hand: what the provider knows.
    pub fn refunded_by_provider(&self) -> Money {
        let by_hand = self.refunds.iter().filter(|refund| refund.by_hand && refund.is_done());
        self.refunded
            .saturating_sub(self.sum(by_hand.map(|refund| refund.amount)))
    }

    fn refundable_without_withdrawals(&self) -> Money {
        if self.status.is_charged() {
            self.amount.saturating_sub(self.refunded)
        } else {
            Money::zero(self.amount.currency())
        }
    }

    /// Reduces the pending refund to what is kept. What is missing because the bank has withdrawn it is owed if the bank
    /// returns it; the rest was refunded otherwise.
    fn shrink_pending_refund(&mut self) {
        let (kept, left) = (self.kept(), self.refundable_without_withdrawals());
        let pending = self
            .refunds
            .iter_mut()
            .find(|refund| refund.status == RefundStatus::Pending && refund.amount.amount() > kept.amount());
        let Some(refund) = pending else {
            return;
        };
        let withdrawn = refund.amount.min(left).saturating_sub(kept);
        if kept.amount() > 0 {
            refund.set_amount(kept);
        } else if withdrawn.amount() > 0 {
            refund.set_amount(withdrawn);
            refund.status = RefundStatus::Refused;
            return;
        } else {
            refund.status = RefundStatus::Superseded;
        }
        if withdrawn.amount() > 0 {
            let part = Refund {
                amount: withdrawn,
                ..refund.clone()
            };
            self.owe_withdrawn(&part);
        }
    }

    /// Whether a refund was refused or failed, and is still owed.
    pub(crate) fn is_unmet(&self, refund: &Refund) -> bool {
        let is_wanted = refund.reason != RefundReason::Unservable || self.status == PaymentStatus::Unservable;
        is_wanted && matches!(refund.status, RefundStatus::Refused | RefundStatus::Failed)
    }
}
