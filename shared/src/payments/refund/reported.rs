//! Refunds as a provider reports them: their sum, and refunds that failed after they were made.

use jiff::Timestamp;
use uuid::Uuid;

use crate::core::idempotency::derive_id;
use crate::core::money::Money;
use crate::payments::review::{Review, ReviewCode};
use crate::payments::{Payment, Refund, RefundReason, RefundStatus};

/// A refund that failed or was cancelled after the provider had created it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRefund {
    /// Our id of the refund, if it was requested here.
    pub refund_id: Option<Uuid>,
    /// The provider's id of the refund.
    pub reference: String,
    /// The amount.
    pub amount: Money,
    /// The provider's reason.
    pub code: String,
}

/// The most failed refunds of one payment that are recorded.
const MAX_FAILED_REFUNDS: usize = 100;

impl Payment {
    /// Applies the provider's sum of refunds, which does not contain the `failed` ones, so that it is the records' sum.
    /// A refund that a smaller sum lacks has failed. Refunds by hand are not in the provider's sum.
    pub(crate) fn apply_reported_refunds(&mut self, reported: Money, failed: &[FailedRefund], now: Timestamp) {
        let mut unknown = vec![];
        for failed in failed {
            if self.failed_refunds.contains(&failed.reference) {
                continue;
            }
            if self.failed_refunds.len() + unknown.len() >= MAX_FAILED_REFUNDS {
                let (reference, amount) = (&failed.reference, failed.amount);
                let detail = format!("The failed refund {reference} of {amount} is one too many to record.");
                self.contradict(reference, detail, now);
            } else if !self.apply_known_failure(failed, now) {
                unknown.push(failed);
            }
        }
        let known = self.refunded_by_provider();
        self.apply_shortfall(known.saturating_sub(reported), &unknown, now);
        self.apply_growth(reported.saturating_sub(known), now);
    }

    /// Whether a refund failed after it was made. Then a larger sum of refunds can be older than what is known.
    pub(crate) fn has_failed_refund(&self) -> bool {
        !self.failed_refunds.is_empty() || self.refunds.iter().any(Refund::has_failed)
    }

    /// Marks the refund as failed that was requested here. Returns false when the failure is of another refund.
    fn apply_known_failure(&mut self, failed: &FailedRefund, now: Timestamp) -> bool {
        let is_same = |refund: &Refund| Some(refund.refund_id) == failed.refund_id;
        let Some(nth) = self.refunds.iter().position(is_same) else {
            return false;
        };
        match self.refunds[nth].status {
            RefundStatus::Pending => self.fail_refund(nth, Some(failed), now),
            RefundStatus::Done if !self.refunds[nth].by_hand => {
                self.refunded = self.refunded.saturating_sub(self.refunds[nth].amount);
                self.fail_refund(nth, Some(failed), now);
            }
            // It is known that the customer did not get it, or the customer has got it since.
            _ => self.failed_refunds.push(failed.reference.clone()),
        }
        true
    }

    /// Finds refunds that explain why the provider's sum is smaller by `missing`, and marks them as failed: first those
    /// with the amount of a `failed` refund, then the newest. What failed besides was never in the sum.
    fn apply_shortfall(&mut self, missing: Money, failed: &[&FailedRefund], now: Timestamp) {
        let mut left = missing;
        for failed in failed {
            let part = failed.amount.min(left);
            left = left.saturating_sub(part);
            if part.amount() > 0 {
                self.fail_made_refunds(part, Some(failed), now);
            } else {
                self.add_failed_refund(failed.amount, Some(failed), RefundReason::Elsewhere, now);
            }
        }
        self.fail_made_refunds(left, None, now);
    }

    fn fail_made_refunds(&mut self, amount: Money, failed: Option<&FailedRefund>, now: Timestamp) {
        let mut left = amount;
        while left.amount() > 0 {
            let is_made = |refund: &Refund| refund.is_done() && !refund.by_hand && refund.amount.amount() > 0;
            let exact = self
                .refunds
                .iter()
                .rposition(|refund| is_made(refund) && refund.amount == left);
            let Some(nth) = exact.or_else(|| self.refunds.iter().rposition(is_made)) else {
                return;
            };
            let part = self.refunds[nth].amount.min(left);
            left = left.saturating_sub(part);
            self.refunded = self.refunded.saturating_sub(part);
            if part == self.refunds[nth].amount {
                self.fail_refund(nth, failed, now);
            } else {
                let reason = self.refunds[nth].reason;
                self.refunds[nth].reduce(part);
                self.add_failed_refund(part, failed, reason, now);
            }
        }
    }

    /// Explains why the provider's sum is larger by `grown`: by the pending refund, by a refund that was entered as made
    /// by hand, by refunds that the customer had not got, and else by refunds made at the provider.
    fn apply_growth(&mut self, grown: Money, now: Timestamp) {
        let mut left = grown;
        if left.amount() == 0 {
            return;
        }
        // A refund that was entered as made by hand was made at the provider after all.
        let by_hand = |refund: &Refund| refund.by_hand && refund.is_done() && refund.amount == left;
        if self.pending_refund().is_none()
            && let Some(refund) = self.refunds.iter_mut().find(|refund| by_hand(refund))
        {
            refund.by_hand = false;
            return;
        }
        self.absorb_by_hand(left.saturating_sub(self.amount.saturating_sub(self.refunded)));
        let pending = self
            .refunds
            .iter()
            .position(|refund| refund.status == RefundStatus::Pending);
        if let Some(nth) = pending.filter(|&nth| self.refunds[nth].amount.amount() <= left.amount()) {
            left = left.saturating_sub(self.refunds[nth].amount);
            self.made(nth, now);
        }
        let mut elsewhere = Money::zero(left.currency());
        while left.amount() > 0 {
            let unmet = |refund: &Refund| self.is_unmet(refund);
            let exact = self
                .refunds
                .iter()
                .position(|refund| unmet(refund) && refund.amount == left);
            let Some(nth) = exact.or_else(|| self.refunds.iter().position(unmet)) else {
                break;
            };
            let refund = &mut self.refunds[nth];
            let covered = refund.amount.min(left);
            left = left.saturating_sub(covered);
            if covered == refund.amount && !refund.has_failed() {
                self.made(nth, now);
            } else {
                refund.reduce(covered);
                elsewhere = self.sum([elsewhere, covered].into_iter());
            }
        }
        elsewhere = self.sum([elsewhere, left].into_iter());
        if elsewhere.amount() > 0 {
            self.add_refund_made(elsewhere, false, None, now);
            self.refunded = self.refunded.plus(elsewhere).unwrap_or(self.refunded);
        }
    }

    /// Removes `excess` from the refunds by hand: by hand and at the provider, no more than the charge went back.
    fn absorb_by_hand(&mut self, excess: Money) {
        let mut left = excess;
        for refund in self
            .refunds
            .iter_mut()
            .filter(|refund| refund.by_hand && refund.is_done())
        {
            let absorbed = refund.amount.min(left);
            left = left.saturating_sub(absorbed);
            self.refunded = self.refunded.saturating_sub(absorbed);
            refund.reduce(absorbed);
        }
    }

    fn made(&mut self, nth: usize, now: Timestamp) {
        let amount = self.refunds[nth].amount;
        self.refunds[nth].complete(amount, now);
        self.refunded = self.refunded.plus(amount).unwrap_or(self.refunded).min(self.amount);
    }

    fn add_failed_refund(
        &mut self,
        amount: Money,
        failed: Option<&FailedRefund>,
        reason: RefundReason,
        now: Timestamp,
    ) {
        let subject = failed.map_or("", |failed| failed.reference.as_str());
        let refund_id = derive_id(&["failed refund", &self.payment_id.to_string(), subject]);
        let refund_id = self.unused_refund_id(refund_id);
        self.add_refund(Refund::new(refund_id, amount, reason, RefundStatus::Failed, now));
        self.fail_refund(self.refunds.len() - 1, failed, now);
    }

    fn fail_refund(&mut self, nth: usize, failed: Option<&FailedRefund>, now: Timestamp) {
        let refund = &mut self.refunds[nth];
        refund.status = RefundStatus::Failed;
        refund.failed_at = Some(now);
        refund.done_at = None;
        refund.reference = failed.map(|failed| failed.reference.clone());
        let refund = refund.clone();
        // One failure can explain several refunds.
        let new = refund.reference.clone();
        let new = new.filter(|new| !self.failed_refunds.contains(new));
        self.failed_refunds.extend(new);
        let detail = match failed {
            Some(failed) => format!(
                "The refund of {} ({}) failed after it was made: {}. The customer did not get it.",
                refund.amount, failed.reference, failed.code
            ),
            None => format!(
                "The refund of {} was made, and is no longer in the provider's records. The customer did not get it.",
                refund.amount
            ),
        };
        self.open_review(Review::of_refund(self, ReviewCode::RefundFailed, &refund, detail, now));
    }
}
