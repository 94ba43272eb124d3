//! Reports of a provider without an API. It cannot be asked again and its messages arrive in any order, so its own times
//! decide: the latest report of the charge or of its failure is its last word. When that contradicts the records, a
//! person decides.

use jiff::Timestamp;

use super::NOT_CHARGED;
use crate::payments::{Effect, Payment, PaymentEventKind, ProviderStatus, Report, Review};

/// The contradiction between the provider's last word and the records.
#[derive(PartialEq, Eq)]
struct Claim {
    /// Names the claim and its time, so that each is reviewed once.
    claim: String,
    detail: String,
}

impl Payment {
    /// Records the time of a report, and opens and ends the matters that follow. Returns whether it opened one. A report
    /// without a time changes nothing.
    pub(super) fn hear(&mut self, report: &Report, now: Timestamp) -> bool {
        if report.reported_at.is_none() {
            return false;
        }
        let known = [self.failed_last(), self.charged_again()];
        if report.status == ProviderStatus::Charged {
            self.charged_at = self.charged_at.max(report.charged_at());
        } else {
            self.failed_at = self.failed_at.max(report.reported_at);
        }
        let present = [self.failed_last(), self.charged_again()];
        for ended in known.into_iter().flatten() {
            if !present.iter().flatten().any(|claim| *claim == ended) {
                self.withdraw_contradiction(&ended.claim);
            }
        }
        let [failed_last, charged_again] = present;
        let failed_last = failed_last.filter(|_| self.kept().amount() > 0);
        let mut is_new = false;
        for Claim { claim, detail } in failed_last.into_iter().chain(charged_again) {
            is_new |= self.contradict(&claim, detail, now);
        }
        is_new
    }

    /// The effect of a report that a charged payment is not charged.
    pub(super) fn failed_after_charge(mut self, report: &Report, now: Timestamp) -> Effect {
        let before = self.clone();
        match report.reported_at {
            Some(_) if report.reported_at <= self.charged_at => return Effect::Outdated,
            Some(_) if report.reported_at <= self.failed_at => return Effect::Known,
            Some(_) => {
                self.hear(report, now);
            }
            // It counts as news.
            None if self.kept().amount() > 0 => {
                self.contradict(NOT_CHARGED, self.without_charge(""), now);
            }
            None => {}
        }
        if self == before {
            return Effect::Known;
        }
        self.refresh_reviews();
        let event_kind = self.has_new_review(&before).then_some(PaymentEventKind::ReviewNeeded);
        Effect::of(self, None, event_kind)
    }

    /// Whether the matter `review` is that the provider charged again what it had taken back.
    pub(crate) fn is_charged_again(&self, review: &Review) -> bool {
        let claim = self.charged_again();
        claim.is_some_and(|claim| review.review_id == self.contradiction_id(&claim.claim))
    }

    /// The claim that the provider did not charge the payment after all: it failed after the charge.
    fn failed_last(&self) -> Option<Claim> {
        let failed_at = self.failed_at.filter(|failed_at| self.charged_at < Some(*failed_at))?;
        Some(Claim {
            claim: format!("not charged at {failed_at}"),
            detail: self.without_charge(&format!(" at {failed_at}")),
        })
    }

    /// The claim that the provider charged the payment after a person had recorded that it took money back.
    fn charged_again(&self) -> Option<Claim> {
        let known_at = self.reversal.as_ref().filter(|reversal| reversal.decided)?.charged_at;
        let is_news = self.charged_at > known_at && self.charged_at >= self.failed_at;
        let charged_at = self.charged_at.filter(|_| is_news)?;
        Some(Claim {
            claim: format!("charged again at {charged_at}"),
            detail: format!(
                "The provider reported at {charged_at} that it charged {}, after it had taken money back.",
                self.amount
            ),
        })
    }

    fn without_charge(&self, time: &str) -> String {
        format!(
            "The provider charged {}, and reported{time} that it did not.",
            self.amount
        )
    }
}

#[cfg(test)]
mod tests;
