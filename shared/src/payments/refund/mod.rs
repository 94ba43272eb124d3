//! Refunds of a payment: each is made once, one at a time, and never exceeds the refundable amount.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::idempotency::derive_id;
use crate::core::money::Money;
use crate::payments::{Failure, Payment, PaymentStatus, Rejected};

/// The most refunds of one payment. One more is allowed if it refunds the whole rest.
pub const MAX_REFUNDS: usize = 50;

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    /// The refund's id. Derived from its cause.
    pub refund_id: Uuid,
    /// The amount. For a refused refund, reduced by what was refunded since.
    pub amount: Money,
    /// The reason.
    pub reason: RefundReason,
    /// The note of the administrator who requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub note: Option<String>,
    /// The refund's status.
    pub status: RefundStatus,
    /// The time of the request, or when a refund made at the provider was found.
    pub requested_at: Timestamp,
    /// When the provider's confirmation arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub done_at: Option<Timestamp>,
}

/// The reason for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// The customer cancelled the order.
    OrderCancelled,
    /// The order could not accept the payment.
    Unservable,
    /// An administrator requested it.
    Requested,
    /// It was made at the provider, such as in its dashboard.
    Elsewhere,
}

/// The status of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// The refund is requested or in progress at the provider.
    Pending,
    /// The refund is made.
    Done,
    /// The provider refused it.
    Refused,
    /// The provider refused it, and an administrator decided that it is not owed.
    Waived,
}

impl Refund {
    fn is_pending(&self) -> bool {
        self.status == RefundStatus::Pending
    }

    fn complete(&mut self, amount: Money, now: Timestamp) {
        self.amount = amount;
        self.status = RefundStatus::Done;
        self.done_at = Some(now);
    }
}

impl Payment {
    /// The amount that can still be refunded.
    pub fn refundable(&self) -> Money {
        if self.status.is_charged() {
            self.amount.saturating_sub(self.refunded)
        } else {
            Money::zero(self.amount.currency())
        }
    }

    /// The pending refund. There is at most one, to distinguish it from refunds made at the provider.
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.is_pending())
    }

    /// The payment with a pending refund of `amount`, or of the whole refundable amount.
    ///
    /// # Errors
    /// [`Rejected::NothingToRefund`], [`Rejected::RefundTooLarge`], [`Rejected::RefundUnderWay`],
    /// [`Rejected::TooManyRefunds`].
    pub fn with_refund(
        &self,
        refund_id: Uuid,
        amount: Option<Money>,
        reason: RefundReason,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<Self, Rejected> {
        let refundable = self.refundable();
        if refundable.amount() == 0 {
            return Err(Rejected::NothingToRefund);
        }
        if self.pending_refund().is_some() {
            return Err(Rejected::RefundUnderWay);
        }
        let amount = amount.unwrap_or(refundable);
        if amount.currency() != refundable.currency() || !(1..=refundable.amount()).contains(&amount.amount()) {
            return Err(Rejected::RefundTooLarge { refundable });
        }
        if self.refunds.len() >= MAX_REFUNDS && amount != refundable {
            return Err(Rejected::TooManyRefunds);
        }
        let mut next = self.clone();
        // The refund is the decision that the review waited for.
        next.review = None;
        next.refunds.push(Refund {
            refund_id,
            amount,
            reason,
            note,
            status: RefundStatus::Pending,
            requested_at: now,
            done_at: None,
        });
        Ok(next)
    }

    /// The payment in review after the provider refused the pending refund.
    #[must_use]
    pub fn refund_refused(&self, failure: &Failure, now: Timestamp) -> Self {
        let mut next = self.clone();
        for refund in &mut next.refunds {
            if refund.is_pending() {
                refund.status = RefundStatus::Refused;
            }
        }
        next.in_review(
            format!("The provider refused a refund: {} ({}).", failure.message, failure.code),
            now,
        )
    }

    /// The payment after a person returned the money by hand: the pending or refused refund, or an unservable payment.
    /// `None` when nothing is owed.
    pub fn with_manual_refund(&self, now: Timestamp) -> Option<Self> {
        let amount = self.owed_amount()?;
        let mut next = self.clone();
        next.review = None;
        next.refunded = next.refunded.plus(amount).ok()?;
        match self.open_refund() {
            Some((nth, amount)) => next.refunds[nth].complete(amount, now),
            None => next.add_provider_refund(amount, now),
        }
        if next.refundable().amount() == 0 {
            next.status = PaymentStatus::Refunded;
        }
        Some(next)
    }

    /// The payment after an administrator confirmed it as it is: waives refused refunds.
    #[must_use]
    pub fn with_waived_refunds(&self) -> Self {
        let mut next = self.clone();
        next.review = None;
        for refund in &mut next.refunds {
            if refund.status == RefundStatus::Refused {
                refund.status = RefundStatus::Waived;
            }
        }
        next
    }

    /// The amount that is owed, and that [`Payment::with_manual_refund`] records.
    pub fn owed_amount(&self) -> Option<Money> {
        let unservable = || (self.status == PaymentStatus::Unservable).then(|| self.refundable());
        let amount = self.open_refund().map(|(_, amount)| amount).or_else(unservable);
        amount.filter(|amount| amount.amount() > 0)
    }

    /// Whether a refused refund is still owed but neither pending nor in review, because a part of the money was
    /// refunded since.
    pub fn owes_refund(&self) -> bool {
        self.review.is_none() && self.pending_refund().is_none() && self.owed_refund().is_some()
    }

    /// The payment with the owed rest of a refused refund requested again. It is a new refund, since providers repeat a
    /// refusal for the same key. `None` when nothing is owed or a refund is pending.
    ///
    /// # Errors
    /// [`Rejected::TooManyRefunds`].
    pub fn with_retried_refund(&self, refund_id: Uuid, now: Timestamp) -> Result<Option<Self>, Rejected> {
        let Some((nth, owed)) = self.owed_refund().filter(|_| self.pending_refund().is_none()) else {
            return Ok(None);
        };
        let refused = &self.refunds[nth];
        self.with_refund(refund_id, Some(owed), refused.reason, refused.note.clone(), now)
            .map(Some)
    }

    /// Applies the sum of refunds that the provider reports. Returns false when it is not larger than the known sum.
    ///
    /// Reports arrive in any order, so a smaller sum changes nothing. An amount beyond the pending refund, or too small
    /// for it, was refunded at the provider directly; the pending refund then shrinks to what is left.
    pub(crate) fn apply_reported_refunds(&mut self, refunded: Money, now: Timestamp) -> bool {
        if refunded.currency() != self.refunded.currency() || refunded.amount() <= self.refunded.amount() {
            return false;
        }
        let mut unexplained = refunded.saturating_sub(self.refunded);
        if let Some(pending) = self.refunds.iter_mut().find(|refund| refund.is_pending())
            && pending.amount.amount() <= unexplained.amount()
        {
            unexplained = unexplained.saturating_sub(pending.amount);
            pending.complete(pending.amount, now);
        }
        self.refunded = refunded.saturating_sub(unexplained);
        // A person may have made a refused refund at the provider, in one sum or in parts.
        if let Some((nth, owed)) = self.owed_refund() {
            let refused = &mut self.refunds[nth];
            if owed.amount() <= unexplained.amount() {
                unexplained = unexplained.saturating_sub(owed);
                refused.complete(owed, now);
                self.review = None;
            } else {
                refused.amount = owed.saturating_sub(unexplained);
            }
        }
        self.refunded = refunded;
        if unexplained.amount() > 0 {
            self.add_provider_refund(unexplained, now);
        }
        let left = self.amount.saturating_sub(self.refunded);
        if left.amount() == 0 {
            self.status = PaymentStatus::Refunded;
            self.review = None;
        }
        for refund in &mut self.refunds {
            if refund.is_pending() {
                refund.amount = refund.amount.min(left);
            }
        }
        self.refunds
            .retain(|refund| !refund.is_pending() || refund.amount.amount() > 0);
        let owed = self.owed_amount();
        if let Some(review) = &mut self.review {
            review.owed = owed;
        }
        true
    }

    /// The index of the refused refund that is still owed, and the amount left of it: the refund of a cancelled or
    /// unservable order, whatever was requested or refunded since, otherwise the last requested refund. A payment that
    /// paid its order after all owes nothing.
    fn owed_refund(&self) -> Option<(usize, Money)> {
        let is_refused = |refund: &Refund| refund.status == RefundStatus::Refused;
        let mut wanted = self
            .refunds
            .iter()
            .enumerate()
            .filter(|(_, refund)| match refund.reason {
                RefundReason::OrderCancelled | RefundReason::Requested => true,
                RefundReason::Unservable => self.status == PaymentStatus::Unservable,
                RefundReason::Elsewhere => false,
            });
        let mut whole = wanted
            .clone()
            .filter(|(_, refund)| refund.reason != RefundReason::Requested);
        let of_order = whole.find(|(_, refund)| is_refused(refund));
        let last = || wanted.next_back().filter(|(_, refund)| is_refused(refund));
        let (nth, refused) = of_order.or_else(last)?;
        let amount = refused.amount.min(self.refundable());
        (amount.amount() > 0).then_some((nth, amount))
    }

    /// The index of the pending refund, otherwise of the owed one, and the amount left of it.
    fn open_refund(&self) -> Option<(usize, Money)> {
        let pending = self.refunds.iter().position(Refund::is_pending);
        let pending = pending.map(|nth| (nth, self.refunds[nth].amount.min(self.refundable())));
        pending.or_else(|| self.owed_refund())
    }

    fn add_provider_refund(&mut self, amount: Money, now: Timestamp) {
        let total = self.refunded.amount().to_string();
        let refund_id = derive_id(&["refund elsewhere", &self.payment_id.to_string(), &total]);
        self.refunds.push(Refund {
            refund_id,
            amount,
            reason: RefundReason::Elsewhere,
            note: None,
            status: RefundStatus::Done,
            requested_at: now,
            done_at: Some(now),
        });
    }
}

#[cfg(test)]
mod tests;
