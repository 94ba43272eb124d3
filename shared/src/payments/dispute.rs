//! Disputes: the customer's bank asks for a payment back. While a dispute is open, the bank may already have withdrawn
//! the money; the bank decides who keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::money::Money;
use crate::payments::review::ReviewCode;
use crate::payments::{Payment, Review};

/// The most disputes of one payment that are recorded. Card networks allow very few.
const MAX_DISPUTES: usize = 20;

/// A dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dispute {
    /// The provider's id of the dispute.
    #[schema(max_length = 255)]
    pub dispute_id: String,
    /// The disputed amount.
    pub amount: Money,
    /// The reason that the customer gave to the bank, as the provider names it.
    #[schema(examples("fraudulent"))]
    pub reason: String,
    /// The dispute's status.
    pub status: DisputeStatus,
    /// Whether the disputed amount is withdrawn from the shop's account now.
    pub funds_withdrawn: bool,
    /// The time at which the dispute was recorded.
    pub recorded_at: Timestamp,
    /// The time at which the end of the dispute was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Timestamp>,
}

/// The status of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeStatus {
    /// The bank has not decided.
    Open,
    /// The shop won: it keeps the money.
    Won,
    /// The shop lost: the customer has the money.
    Lost,
    /// The bank closed an inquiry without taking money.
    Closed,
}

/// A dispute as a provider reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedDispute {
    /// The provider's id of the dispute.
    pub dispute_id: String,
    /// The disputed amount.
    pub amount: Money,
    /// The reason, as the provider names it.
    pub reason: String,
    /// The dispute's status.
    pub status: DisputeStatus,
    /// Whether the disputed amount is withdrawn from the shop's account.
    pub funds_withdrawn: bool,
}

impl Payment {
    /// Whether a dispute waits for the bank's decision.
    pub fn has_open_dispute(&self) -> bool {
        self.disputes
            .iter()
            .any(|dispute| dispute.status == DisputeStatus::Open)
    }

    /// Whether the dispute has ended otherwise than `reported`.
    pub(crate) fn knows_other_end(&self, reported: &ReportedDispute) -> bool {
        let known = self
            .disputes
            .iter()
            .find(|dispute| dispute.dispute_id == reported.dispute_id);
        // Funds return a moment after the dispute is won.
        known.is_some_and(|known| {
            known.status != DisputeStatus::Open
                && (known.status, known.funds_withdrawn) != (reported.status, reported.funds_withdrawn)
        })
    }

    /// Records the state of `reported`. Returns false when it is known or older than the known state: reports arrive in
    /// any order, a closed dispute is not opened again, and its money is withdrawn until it is closed.
    pub(crate) fn apply_dispute(&mut self, reported: &ReportedDispute, now: Timestamp) -> bool {
        let dispute_id = &reported.dispute_id;
        if reported.amount.currency() != self.amount.currency() {
            let detail = format!("The dispute {dispute_id} of {} has another currency.", reported.amount);
            return self.contradict(dispute_id, detail, now);
        }
        let is_closed = reported.status != DisputeStatus::Open;
        let nth = self
            .disputes
            .iter()
            .position(|dispute| dispute.dispute_id == reported.dispute_id);
        match nth {
            Some(nth) => {
                let known = &mut self.disputes[nth];
                let is_older = known.status != DisputeStatus::Open && !is_closed;
                let funds_withdrawn = reported.funds_withdrawn || (known.funds_withdrawn && !is_closed);
                let is_same = known.status == reported.status
                    && known.funds_withdrawn == funds_withdrawn
                    && known.amount == reported.amount;
                if is_older || is_same {
                    return false;
                }
                known.closed_at = is_closed.then(|| known.closed_at.unwrap_or(now));
                known.status = reported.status;
                known.funds_withdrawn = funds_withdrawn;
                known.amount = reported.amount;
            }
            None if self.disputes.len() >= MAX_DISPUTES => {
                let detail = format!(
                    "The dispute {dispute_id} of {} is one too many to record.",
                    reported.amount
                );
                return self.contradict(dispute_id, detail, now);
            }
            None => self.disputes.push(Dispute {
                dispute_id: reported.dispute_id.clone(),
                amount: reported.amount,
                reason: reported.reason.clone(),
                status: reported.status,
                funds_withdrawn: reported.funds_withdrawn,
                recorded_at: now,
                closed_at: is_closed.then_some(now),
            }),
        }
        self.review_dispute(reported, now);
        true
    }

    fn review_dispute(&mut self, reported: &ReportedDispute, now: Timestamp) {
        let ReportedDispute {
            dispute_id,
            amount,
            reason,
            status,
            ..
        } = reported;
        let is_of = |review: &Review| review.dispute_id.as_ref() == Some(dispute_id);
        if *status == DisputeStatus::Open {
            let detail = format!(
                "The customer's bank disputes {amount} ({dispute_id}: {reason}). Answer it in the provider's dashboard."
            );
            self.open_review(Review::of_dispute(self, ReviewCode::Disputed, dispute_id, detail, now));
            return;
        }
        // The bank has decided. A lost dispute can be won later.
        let is_lost = *status == DisputeStatus::Lost;
        let is_over = |code| code == ReviewCode::Disputed || (code == ReviewCode::DisputeLost && !is_lost);
        self.close_reviews(|review| is_over(review.code) && is_of(review));
        if is_lost {
            let detail = format!(
                "The dispute {dispute_id} of {amount} was lost: the customer has the money. Decide about the order."
            );
            self.open_review(Review::of_dispute(
                self,
                ReviewCode::DisputeLost,
                dispute_id,
                detail,
                now,
            ));
        }
    }
}
