//! Administrators' decisions: each ends one matter in review, or with [`Decision::AskAgain`] postpones it.
//!
//! A decision records what the person found out, so the records stay true: money is entered as given back only by
//! [`Decision::GivenBack`], and as taken back only by [`Decision::TakenBack`].

use jiff::Timestamp;
use uuid::Uuid;

use crate::core::actor::Actor;
use crate::core::money::Money;
use crate::orders::Order;
use crate::payments::refund::withdrawn_parts_of;
use crate::payments::{
    Change, Decision, Failure, Payment, PaymentEventKind, PaymentStatus, ProviderStatus, RefundStatus, Rejected,
    Report, Review, ReviewCode,
};

/// A payment after a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The payment.
    pub payment: Payment,
    /// The provider status that the decision corresponds to. [`Decided::change`] applies it.
    status: Option<ProviderStatus>,
    /// The event about the payment, if there is one.
    event_kind: Option<PaymentEventKind>,
    /// Whether the decision ends the comparison with the provider's records.
    pub ends_comparison: bool,
}

impl Decided {
    /// The change of the payment and its `order`.
    pub fn change(self, order: &Order, now: Timestamp) -> Change {
        let payment = self.payment;
        let change = match self.status {
            Some(ProviderStatus::Charged) if payment.status.is_charged() => Some(payment.clone().corrected(order, now)),
            Some(status) => {
                let report = Report::on(&payment, status);
                payment.after(&report, order, true, now).change()
            }
            None => None,
        };
        let mut change = change.unwrap_or(Change {
            payment,
            order: None,
            event_kind: None,
        });
        change.event_kind = change.event_kind.or(self.event_kind);
        change
    }
}

impl Payment {
    /// The payment after `decision` about the matter `review_id`. `amount` is the amount of [`Decision::GivenBack`] and
    /// [`Decision::TakenBack`], and of [`Decision::Charged`] if it is not the recorded one; `request_id` becomes the id of
    /// a refund that is requested again; `by` decided.
    ///
    /// # Errors
    /// [`Rejected::NotInReview`] when there is no such matter or it does not allow the decision,
    /// [`Rejected::OwedDiffers`], [`Rejected::TakenBackTooLarge`], [`Rejected::ChargedTooSmall`], and those of
    /// [`Payment::with_refund`].
    pub fn with_decision(
        &self,
        review_id: Uuid,
        decision: Decision,
        amount: Option<Money>,
        request_id: Uuid,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Decided, Rejected> {
        let review = self.review(review_id)?.clone();
        if let (Decision::GivenBack, Some(owed)) = (decision, review.owed)
            && amount != Some(owed)
        {
            return Err(Rejected::OwedDiffers { owed });
        }
        if !self.allows(&review, decision) {
            return Err(Rejected::NotInReview);
        }
        let mut event_kind = None;
        let mut status = None;
        let mut payment = self.clone();
        payment.close_reviews(|known| known.review_id == review_id);
        match decision {
            Decision::AskAgain => {
                if let Some(refunding) = self.with_refund_of(&review, request_id, by, now)? {
                    let is_requested = refunding.pending_refund() != self.pending_refund();
                    event_kind = is_requested.then_some(PaymentEventKind::RefundRequested);
                    payment = refunding;
                }
            }
            Decision::Charged => {
                payment.correct_charge(&review, amount)?;
                status = Some(ProviderStatus::Charged);
            }
            Decision::NotCharged => {
                let failure = Failure::new("REVIEWED", "The payment was not completed; nothing was charged.");
                status = Some(ProviderStatus::Failed(failure));
            }
            Decision::GivenBack => {
                payment = payment
                    .with_manual_refund(&review, by, now)
                    .ok_or(Rejected::NotInReview)?;
                event_kind = Some(PaymentEventKind::Refunded);
            }
            Decision::TakenBack => {
                let kept = self.kept();
                let amount = amount.unwrap_or(kept);
                if amount.currency() != kept.currency() || !(1..=kept.amount()).contains(&amount.amount()) {
                    return Err(Rejected::TakenBackTooLarge { kept });
                }
                payment.reduce_refund_of(&review, amount);
                payment.reverse(amount, true, now);
                event_kind = Some(PaymentEventKind::Reversed);
            }
            Decision::Settled => payment = payment.with_waived_refund(&review),
        }
        // [`Decided::change`] applies a status, and with it the sums.
        if status.is_none() {
            payment.settle(None);
        }
        if decision != Decision::AskAgain {
            payment.record_decision(&review, decision, by, now);
        }
        if payment.is_released_since(self) {
            event_kind = event_kind.or(Some(PaymentEventKind::Unservable));
        }
        Ok(Decided {
            payment,
            status,
            event_kind,
            ends_comparison: ends_comparison(&review, decision),
        })
    }

    /// The decisions that the matter `review` allows now.
    pub fn allowed_decisions(&self, review: &Review) -> Vec<Decision> {
        Decision::ALL
            .into_iter()
            .filter(|&decision| self.allows(review, decision))
            .collect()
    }

    /// Whether `decision` can end, or with [`Decision::AskAgain`] postpone, the matter `review`.
    fn allows(&self, review: &Review, decision: Decision) -> bool {
        let is_charged = self.status.is_charged();
        let belongs_to_customer = self.status == PaymentStatus::Unservable && review.owed.is_some();
        match (review.code, decision) {
            // Only the bank can say more.
            (code, Decision::AskAgain) if code.is_of_bank() => false,
            (ReviewCode::Contradiction, Decision::AskAgain) => self.provider.has_api(),
            (code, Decision::AskAgain) => !(code.is_about_refund() && self.pending_refund().is_some()),
            (ReviewCode::Contradiction, Decision::Charged) => true,
            (_, Decision::Charged | Decision::NotCharged) => !is_charged,
            (_, Decision::GivenBack) => review.owed.is_some(),
            // A provider with an API reports disputes and deposits that were taken back itself.
            (code, Decision::TakenBack) => {
                let can_say = code == ReviewCode::Contradiction || !(self.provider.has_api() || code.is_of_bank());
                can_say && is_charged && self.kept().amount() > 0
            }
            (_, Decision::Settled) => is_charged && !belongs_to_customer,
        }
    }

    /// Reduces the refund that `review` is about by `amount`, which the customer has already.
    fn reduce_refund_of(&mut self, review: &Review, amount: Money) {
        let is_about_refund = review.code.is_about_refund() || review.code == ReviewCode::OutcomeUnknown;
        if let Some(nth) = self.refund_of(review).filter(|_| is_about_refund) {
            self.refunds[nth].reduce(amount);
        }
    }

    /// The position of the refund that `review` names, or else of the pending one: its outcome is what the person found
    /// out.
    fn refund_of(&self, review: &Review) -> Option<usize> {
        self.refunds.iter().position(|refund| match review.refund_id {
            Some(id) => refund.refund_id == id,
            None => refund.status == RefundStatus::Pending,
        })
    }

    /// Records what a person found out about the charge: its amount, and that the money which was taken back is with the
    /// shop again if `review` is about that.
    fn correct_charge(&mut self, review: &Review, amount: Option<Money>) -> Result<(), Rejected> {
        if self.is_charged_again(review) {
            self.reversal = None;
            self.withdrawn = None;
        }
        let Some(amount) = amount else {
            return Ok(());
        };
        let withdrawn = self.withdrawn.unwrap_or(Money::zero(self.amount.currency()));
        let returned = self.sum([self.refunded, withdrawn].into_iter());
        if amount.currency() != returned.currency() || amount.amount() < returned.amount().max(1) {
            return Err(Rejected::ChargedTooSmall { returned });
        }
        self.amount = amount;
        Ok(())
    }

    /// The change of a charged payment after [`Payment::correct_charge`]: it pays an order that waits for exactly this
    /// amount. The provider was not asked, so nothing else is known.
    fn corrected(mut self, order: &Order, now: Timestamp) -> Change {
        self.settle(Some(order));
        // Another open question can be about the same money.
        let is_clear = !self.has_question();
        if let Some(change) = self.applied_to_order(order, now).filter(|_| is_clear) {
            return change;
        }
        let event_kind = match self.status {
            PaymentStatus::Paid => Some(PaymentEventKind::Confirmed),
            PaymentStatus::Unservable if is_clear => Some(PaymentEventKind::Unservable),
            _ => None,
        };
        Change {
            payment: self,
            order: None,
            event_kind,
        }
    }

    /// The payment after `by` gave back by hand what is owed for `review`. `None` when nothing is owed.
    fn with_manual_refund(&self, review: &Review, by: &Actor, now: Timestamp) -> Option<Self> {
        let owed = review.owed?;
        let mut next = self.clone();
        // Without an API there is no sum of the provider's to compare with.
        let by_hand = self.provider.has_api();
        let unmet = || self.refunds.iter().position(|refund| self.is_unmet(refund));
        let mut is_entered = false;
        if let Some(refund) = self.refund_of(review).or_else(unmet).map(|nth| &mut next.refunds[nth]) {
            let own = refund.amount.min(owed);
            is_entered = own == refund.amount && !refund.has_failed();
            if is_entered {
                refund.complete(owed, now);
                refund.by_hand = by_hand;
            } else {
                refund.reduce(own);
            }
            next.supersede_unreviewed(owed.saturating_sub(own));
        }
        if !is_entered {
            next.add_refund_made(owed, by_hand, Some(by), now);
        }
        next.refunded = next.refunded.plus(owed).ok()?;
        next.settle(None);
        Some(next)
    }

    /// The payment after a person decided that what is owed for `review` is not owed.
    fn with_waived_refund(&self, review: &Review) -> Self {
        let mut next = self.clone();
        let is_unknown = review.code == ReviewCode::OutcomeUnknown;
        let unknown = self
            .pending_refund()
            .filter(|_| is_unknown)
            .map(|refund| refund.refund_id);
        let withdrawn_parts: Vec<Uuid> = unknown.into_iter().flat_map(withdrawn_parts_of).collect();
        for refund in &mut next.refunds {
            let is_meant = review.refund_id == Some(refund.refund_id)
                || unknown == Some(refund.refund_id)
                || (withdrawn_parts.contains(&refund.refund_id) && self.is_unmet(refund))
                || (review.code.is_about_refund() && self.is_unmet(refund) && !self.has_review_of(refund));
            if is_meant {
                refund.status = RefundStatus::Waived;
            }
        }
        next
    }
}

/// Whether a decision answers the question of the comparison with the provider's records.
const fn ends_comparison(review: &Review, decision: Decision) -> bool {
    match decision {
        Decision::NotCharged => true,
        Decision::Settled | Decision::TakenBack => {
            matches!(review.code, ReviewCode::Contradiction | ReviewCode::OutcomeUnknown)
        }
        Decision::AskAgain | Decision::Charged | Decision::GivenBack => false,
    }
}
