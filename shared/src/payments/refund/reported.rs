//! What a provider reports about refunds: their sum, and refunds that failed after they were made.

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

impl Payment {
    /// Applies the provider's sum of refunds, which does not contain the `failed` ones. Returns false when nothing is
    /// new.
    ///
    /// A larger sum is always newer. A smaller one may be an old report: only a `current` report lowers the sum, and
    /// what it lacks has failed. Refunds by hand are not in the provider's sum.
    pub(crate) fn apply_reported_refunds(
        &mut self,
        reported: Money,
        failed: &[FailedRefund],
        current: bool,
        now: Timestamp,
    ) -> bool {
        let before = (self.refunded, self.refunds.clone());
        let unknown: Vec<&FailedRefund> = failed
            .iter()
            .filter(|failed| !self.apply_known_failure(failed, now))
            .collect();
        let known = self.refunded_by_provider();
        if reported.amount() < known.amount() {
            if current {
                self.apply_shortfall(known.saturating_sub(reported), &unknown, now);
            }
        } else {
            // They were never in the sum.
            for failed in unknown {
                self.add_failed_refund(failed.amount, Some(failed), RefundReason::Elsewhere, now);
            }
            self.apply_growth(reported.saturating_sub(known), now);
        }
        before != (self.refunded, self.refunds.clone())
    }

    /// Marks a refund as failed that is on record. Returns false when it is not.
    fn apply_known_failure(&mut self, failed: &FailedRefund, now: Timestamp) -> bool {
        let is_same = |refund: &Refund| {
            Some(refund.refund_id) == failed.refund_id || refund.reference.as_ref() == Some(&failed.reference)
        };
        let Some(nth) = self.refunds.iter().position(is_same) else {
            return false;
        };
        match self.refunds[nth].status {
            RefundStatus::Pending => {}
            RefundStatus::Done if !self.refunds[nth].by_hand => {
                self.refunded = self.refunded.saturating_sub(self.refunds[nth].amount);
            }
            // It is known that the customer did not get it, or the customer has got it since.
            _ => return true,
        }
        self.fail_refund(nth, Some(failed), now);
        true
    }

    /// Finds refunds that explain why the provider's sum is smaller by `missing`, and marks them as failed: first those
    /// with the amount of a failed refund, then the newest.
    fn apply_shortfall(&mut self, missing: Money, failed: &[&FailedRefund], now: Timestamp) {
        let mut left = missing;
        let failures = failed.iter().map(|failed| (failed.amount, Some(*failed)));
        let rest = std::iter::once((missing, None));
        for (amount, failure) in failures.chain(rest) {
            let mut amount = if failure.is_some() { amount.min(left) } else { left };
            left = left.saturating_sub(amount);
            while amount.amount() > 0 {
                let is_made = |refund: &Refund| refund.is_done() && !refund.by_hand && refund.amount.amount() > 0;
                let exact = self
                    .refunds
                    .iter()
                    .rposition(|refund| is_made(refund) && refund.amount == amount);
                let Some(nth) = exact.or_else(|| self.refunds.iter().rposition(is_made)) else {
                    return;
                };
                let part = self.refunds[nth].amount.min(amount);
                amount = amount.saturating_sub(part);
                self.refunded = self.refunded.saturating_sub(part);
                if part == self.refunds[nth].amount {
                    self.fail_refund(nth, failure, now);
                } else {
                    let reason = self.refunds[nth].reason;
                    self.refunds[nth].amount = self.refunds[nth].amount.saturating_sub(part);
                    self.add_failed_refund(part, failure, reason, now);
                }
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
        // What was entered as given back by hand was made at the provider after all.
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
        while left.amount() > 0 {
            let unmet = |refund: &Refund| self.is_unmet(refund);
            let exact = self
                .refunds
                .iter()
                .position(|refund| unmet(refund) && refund.amount == left);
            let Some(nth) = exact.or_else(|| self.refunds.iter().position(unmet)) else {
                break;
            };
            if self.refunds[nth].amount.amount() > left.amount() {
                self.refunds[nth].amount = self.refunds[nth].amount.saturating_sub(left);
                break;
            }
            left = left.saturating_sub(self.refunds[nth].amount);
            self.made(nth, now);
        }
        if left.amount() > 0 {
            self.add_provider_refund(left, false, now);
            self.refunded = self.refunded.plus(left).unwrap_or(self.refunded);
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
            if absorbed == refund.amount {
                refund.status = RefundStatus::Superseded;
            } else {
                refund.amount = refund.amount.saturating_sub(absorbed);
            }
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
        let nth = self.refunds.len().to_string();
        let subject = failed.map_or(nth.as_str(), |failed| failed.reference.as_str());
        let refund = Refund {
            refund_id: derive_id(&["failed refund", &self.payment_id.to_string(), subject, &nth]),
            amount,
            reason,
            note: None,
            status: RefundStatus::Failed,
            by_hand: false,
            reference: failed.map(|failed| failed.reference.clone()),
            requested_at: now,
            done_at: None,
            failed_at: Some(now),
        };
        let id = refund.refund_id;
        self.add_refund(refund);
        let added = self.refunds.iter().position(|refund| refund.refund_id == id);
        let added = added.or_else(|| {
            self.refunds
                .iter()
                .rposition(|refund| refund.status == RefundStatus::Failed)
        });
        if let Some(nth) = added {
            self.fail_refund(nth, failed, now);
        }
    }

    fn fail_refund(&mut self, nth: usize, failed: Option<&FailedRefund>, now: Timestamp) {
        let refund = &mut self.refunds[nth];
        refund.status = RefundStatus::Failed;
        refund.failed_at = Some(now);
        refund.done_at = None;
        if let Some(failed) = failed {
            refund.reference = Some(failed.reference.clone());
        }
        let refund = refund.clone();
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
