//! What goes back of a payment: each refund once, one at a time, never more than is left.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Failure, Payment, PaymentStatus, Rejected};
use crate::idempotency::derive_id;
use crate::money::Money;

/// The most refunds of one payment that are kept; one more may always take all that is left.
pub const MAX_REFUNDS: usize = 50;

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    /// Its id, derived from what caused it.
    pub refund_id: Uuid,
    /// How much.
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
}

impl Payment {
    /// What could still go back.
    pub fn refundable(&self) -> Money {
        if self.status.is_charged() {
            self.amount.less(self.refunded)
        } else {
            Money::zero(self.amount.currency())
        }
    }

    /// The refund that is under way: one at most, so that what the provider says has gone back is told apart from it.
    pub fn pending_refund(&self) -> Option<&Refund> {
        self.refunds
            .iter()
            .find(|refund| refund.status == RefundStatus::Pending)
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
        (reason, note): (RefundReason, Option<String>),
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
            if refund.status == RefundStatus::Pending {
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
        let mut next = self.clone();
        next.review = None;
        let left = self.refundable();
        let open = next.open_refund();
        let amount = match open {
            _ if left.amount() == 0 => return None,
            Some(refund) => {
                if refund.amount.amount() > left.amount() {
                    refund.amount = left;
                }
                refund.status = RefundStatus::Done;
                refund.done_at = Some(now);
                refund.amount
            }
            None if self.status == PaymentStatus::Unservable => {
                next.add_elsewhere(left, now);
                left
            }
            None => return None,
        };
        next.refunded = next.refunded.plus(amount).ok()?;
        if next.refundable().amount() == 0 {
            next.status = PaymentStatus::Refunded;
        }
        Some(next)
    }

    /// The payment with the refund that was refused asked for once more, when there is one and its money is still
    /// there; as a new refund, for providers repeat what they refused.
    pub fn with_refused_again(&self, refund_id: Uuid, now: Timestamp) -> Option<Self> {
        let refused = &self.refunds[self.refused_refund()?];
        let amount = if refused.amount.amount() > self.refundable().amount() {
            self.refundable()
        } else {
            refused.amount
        };
        let why = (refused.reason, refused.note.clone());
        self.with_refund(refund_id, Some(amount), why, now).ok()
    }

    /// Takes over what the provider says has gone back; false when that is nothing new.
    ///
    /// An older, smaller sum changes nothing: reports come in any order. What goes beyond the refund under way was
    /// refunded elsewhere, and so was a sum that does not reach it; then only what is left can still go back.
    pub(super) fn take_over_refunds(&mut self, refunded: Money, now: Timestamp) -> bool {
        if refunded.currency() != self.refunded.currency() || refunded.amount() <= self.refunded.amount() {
            return false;
        }
        let mut elsewhere = refunded.less(self.refunded);
        if let Some(pending) = self
            .refunds
            .iter_mut()
            .find(|refund| refund.status == RefundStatus::Pending)
            && pending.amount.amount() <= elsewhere.amount()
        {
            elsewhere = elsewhere.less(pending.amount);
            pending.status = RefundStatus::Done;
            pending.done_at = Some(now);
        }
        // What a provider refused to us, a person may have refunded there.
        let refused = self.refused_refund().and_then(|nth| self.refunds.get_mut(nth));
        if let Some(refused) = refused
            && refused.amount.amount() <= elsewhere.amount()
        {
            elsewhere = elsewhere.less(refused.amount);
            refused.status = RefundStatus::Done;
            refused.done_at = Some(now);
            self.review = None;
        }
        self.refunded = refunded;
        if elsewhere.amount() > 0 {
            self.add_elsewhere(elsewhere, now);
        }
        let left = self.amount.less(self.refunded);
        if left.amount() == 0 {
            self.status = PaymentStatus::Refunded;
            self.review = None;
        }
        for refund in &mut self.refunds {
            if refund.status == RefundStatus::Pending && refund.amount.amount() > left.amount() {
                refund.amount = left;
            }
        }
        self.refunds
            .retain(|refund| refund.status != RefundStatus::Pending || refund.amount.amount() > 0);
        true
    }

    /// The refund that was refused and is owed still: all of an order's money that it cannot have, whatever was asked for
    /// or refunded elsewhere since, else what was asked for last. An order that could have its money after all owes none.
    fn refused_refund(&self) -> Option<usize> {
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
        let owed = whole.find(|(_, refund)| is_refused(refund));
        let last = || wanted.next_back().filter(|(_, refund)| is_refused(refund));
        owed.or_else(last).map(|(nth, _)| nth)
    }

    /// The refund that is under way, or was refused and is owed still.
    fn open_refund(&mut self) -> Option<&mut Refund> {
        let is_pending = |refund: &Refund| refund.status == RefundStatus::Pending;
        let pending = self.refunds.iter().position(is_pending);
        let open = pending.or_else(|| self.refused_refund())?;
        self.refunds.get_mut(open)
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
