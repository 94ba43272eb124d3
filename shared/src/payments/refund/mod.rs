//! What goes back of a payment: each refund once, one at a time, never more than is left.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::idempotency::derive_id;
use crate::core::money::Money;
use crate::payments::{Failure, Payment, PaymentStatus, Rejected};

/// The most refunds of one payment that are kept; one more may always take all that is left.
pub const MAX_REFUNDS: usize = 50;

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    /// Its id, derived from what caused it.
    pub refund_id: Uuid,
    /// How much; what has gone back since of one that was refused is taken off.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// What the one who asked for it noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub note: Option<String>,
    /// Where it stands.
    pub status: RefundStatus,
    /// When it was asked for, or seen.
    pub requested_at: Timestamp,
    /// When we learnt that the provider had made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub done_at: Option<Timestamp>,
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// Its customer cancelled the order.
    OrderCancelled,
    /// The order could not have the money.
    Unservable,
    /// An administrator asked for it.
    Requested,
    /// Somebody refunded it at the provider.
    Elsewhere,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// The provider is to make it, or is making it.
    Pending,
    /// The money went back.
    Done,
    /// The provider said no.
    Refused,
    /// The provider said no, and a person settled that it need not be made.
    Waived,
}

impl Refund {
    fn is_pending(&self) -> bool {
        self.status == RefundStatus::Pending
    }

    fn made(&mut self, amount: Money, now: Timestamp) {
        self.amount = amount;
        self.status = RefundStatus::Done;
        self.done_at = Some(now);
    }
}

impl Payment {
    /// What could still go back.
    pub fn refundable(&self) -> Money {
        if self.status.is_charged() {
            self.amount.saturating_sub(self.refunded)
        } else {
            Money::zero(self.amount.currency())
        }
    }

    /// The refund that is under way: one at most, so that what the provider says has gone back is told apart from it.
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.is_pending())
    }

    /// The payment with a refund of `amount`, or of all that is left, under way.
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
        // Whatever a person was to decide: this is the decision, and it is carried out.
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

    /// The payment after the provider refused the refund under way: a person must look.
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

    /// The payment after a person gave back by hand what the provider could not: the refund under way, or the one that
    /// was refused, or all of money that no order can have. `None` when nothing was to go back.
    pub fn given_back(&self, now: Timestamp) -> Option<Self> {
        let amount = self.to_give_back()?;
        let mut next = self.clone();
        next.review = None;
        next.refunded = next.refunded.plus(amount).ok()?;
        match self.open() {
            Some((nth, amount)) => next.refunds[nth].made(amount, now),
            None => next.add_elsewhere(amount, now),
        }
        if next.refundable().amount() == 0 {
            next.status = PaymentStatus::Refunded;
        }
        Some(next)
    }

    /// The payment after a person found that its books are right as they are: what was refused is owed no more.
    #[must_use]
    pub fn settled(&self) -> Self {
        let mut next = self.clone();
        next.review = None;
        for refund in &mut next.refunds {
            if refund.status == RefundStatus::Refused {
                refund.status = RefundStatus::Waived;
            }
        }
        next
    }

    /// What is to go back, and [`Payment::given_back`] would enter.
    pub fn to_give_back(&self) -> Option<Money> {
        let of_no_order = || (self.status == PaymentStatus::Unservable).then(|| self.refundable());
        let amount = self.open().map(|(_, amount)| amount).or_else(of_no_order);
        amount.filter(|amount| amount.amount() > 0)
    }

    /// Whether a refund that was refused is owed still and nobody sees to it: none is under way, and no person looks at
    /// the payment, because a part of the money went back since.
    pub fn owes_refund(&self) -> bool {
        self.review.is_none() && self.pending_refund().is_none() && self.owed().is_some()
    }

    /// The payment with what is owed of a refund that was refused asked for once more, as a new refund, for providers
    /// repeat what they refused; `None` when none is owed, or one is under way.
    ///
    /// # Errors
    /// [`Rejected::TooManyRefunds`].
    pub fn with_refused_again(&self, refund_id: Uuid, now: Timestamp) -> Result<Option<Self>, Rejected> {
        let Some((nth, owed)) = self.owed().filter(|_| self.pending_refund().is_none()) else {
            return Ok(None);
        };
        let refused = &self.refunds[nth];
        self.with_refund(refund_id, Some(owed), refused.reason, refused.note.clone(), now)
            .map(Some)
    }

    /// Takes over what the provider says has gone back; false when that is nothing new.
    ///
    /// An older, smaller sum changes nothing: reports come in any order. What goes beyond the refund under way was
    /// refunded elsewhere, and so was a sum that does not reach it; then only what is left can still go back.
    pub(crate) fn take_over_refunds(&mut self, refunded: Money, now: Timestamp) -> bool {
        if refunded.currency() != self.refunded.currency() || refunded.amount() <= self.refunded.amount() {
            return false;
        }
        let mut elsewhere = refunded.saturating_sub(self.refunded);
        if let Some(pending) = self.refunds.iter_mut().find(|refund| refund.is_pending())
            && pending.amount.amount() <= elsewhere.amount()
        {
            elsewhere = elsewhere.saturating_sub(pending.amount);
            pending.made(pending.amount, now);
        }
        self.refunded = refunded.saturating_sub(elsewhere);
        // What a provider refused to us, a person may have refunded there, in one sum or in parts.
        if let Some((nth, owed)) = self.owed() {
            let refused = &mut self.refunds[nth];
            if owed.amount() <= elsewhere.amount() {
                elsewhere = elsewhere.saturating_sub(owed);
                refused.made(owed, now);
                self.review = None;
            } else {
                refused.amount = owed.saturating_sub(elsewhere);
            }
        }
        self.refunded = refunded;
        if elsewhere.amount() > 0 {
            self.add_elsewhere(elsewhere, now);
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
        let owed = self.to_give_back();
        if let Some(review) = &mut self.review {
            review.owed = owed;
        }
        true
    }

    /// The refund that was refused and is owed still, by its place, and what is left to be made of it: all of an order's
    /// money that it cannot have, whatever was asked for or refunded elsewhere since, else what was asked for last. An
    /// order that could have its money after all owes none.
    fn owed(&self) -> Option<(usize, Money)> {
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

    /// The refund that is under way, else the one that is owed, and what is left to be made of it.
    fn open(&self) -> Option<(usize, Money)> {
        let pending = self.refunds.iter().position(Refund::is_pending);
        let pending = pending.map(|nth| (nth, self.refunds[nth].amount.min(self.refundable())));
        pending.or_else(|| self.owed())
    }

    fn add_elsewhere(&mut self, amount: Money, now: Timestamp) {
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
