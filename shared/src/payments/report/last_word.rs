//! Reports of a provider without an API. It cannot be asked again and its messages arrive in any order, so its own times
//! decide: the latest report of the charge or of its failure is its last word. When that contradicts the records, a
//! person decides.

use jiff::Timestamp;

use crate::payments::{Effect, Payment, PaymentEventKind, Report, Review};

/// The claim of a message without a time that a charged payment is not charged.
const UNDATED: &str = "not charged";

impl Payment {
    /// Records the times of a report. Returns whether the provider's last word now contradicts the records in a new way.
    pub(super) fn hear(&mut self, charged_at: Option<Timestamp>, failed_at: Option<Timestamp>, now: Timestamp) -> bool {
        let known = self.contradiction();
        self.charged_at = self.charged_at.max(charged_at);
        self.failed_at = self.failed_at.max(failed_at);
        let contradiction = self.contradiction();
        if let Some((claim, _)) = known.filter(|known| Some(known) != contradiction.as_ref()) {
            self.withdraw_contradiction(&claim);
        }
        contradiction.is_some_and(|(claim, detail)| self.contradict(&claim, detail, now))
    }

    /// The effect of a report that a charged payment is not charged.
    pub(super) fn failed_after_charge(mut self, report: &Report, now: Timestamp) -> Effect {
        let before = self.clone();
        match report.reported_at {
            Some(_) if report.reported_at <= self.charged_at => return Effect::Outdated,
            Some(_) if report.reported_at <= self.failed_at => return Effect::Known,
            Some(_) => {
                self.hear(None, report.reported_at, now);
            }
            // It counts as news.
            None if self.kept().amount() > 0 => {
                self.contradict(UNDATED, self.without_charge(""), now);
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
        let is_after_failure = self.failed_at.is_some() && self.charged_at >= self.failed_at;
        is_after_failure
            && self
                .contradiction()
                .is_some_and(|(claim, _)| review.review_id == self.contradiction_id(&claim))
    }

    /// The claim in which the provider's last word contradicts the records, and its description.
    fn contradiction(&self) -> Option<(String, String)> {
        let failed_at = self.failed_at?;
        match self.charged_at.filter(|charged_at| *charged_at >= failed_at) {
            None if self.kept().amount() > 0 => {
                let detail = self.without_charge(&format!(" at {failed_at}"));
                Some((format!("not charged at {failed_at}"), detail))
            }
            Some(charged_at) if self.reversal.as_ref().is_some_and(|reversal| reversal.decided) => {
                let detail = format!(
                    "The provider reported at {charged_at} that it charged {}, after it had taken money back.",
                    self.amount
                );
                Some((format!("charged again at {charged_at}"), detail))
            }
            _ => None,
        }
    }

    fn without_charge(&self, time: &str) -> String {
        format!(
            "The provider charged {}, and reported{time} that it did not.",
            self.amount
        )
    }
}
