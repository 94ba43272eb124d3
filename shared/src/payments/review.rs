//! Reviews: the matters of a payment that a person must decide, and the decisions that end them.
//!
//! A payment can have many matters at a time. Each has a stable id, which the decision names.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::actor::Actor;
use crate::core::id::PaymentId;
use crate::core::idempotency::derive_id;
use crate::core::money::Money;
use crate::payments::{Payment, PaymentStatus, Refund, RefundStatus, Rejected};

/// The most decided matters that a payment remembers.
const MAX_DECIDED: usize = 100;
/// The most contradictions of a provider that are reviewed one by one.
const MAX_CONTRADICTIONS: usize = 50;

/// A matter that an administrator must decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// The matter's id. The same matter always has the same id.
    pub review_id: Uuid,
    /// The kind of matter.
    pub code: ReviewCode,
    /// A description of the matter, in a sentence.
    pub detail: String,
    /// The time at which the matter was recorded.
    pub opened_at: Timestamp,
    /// The amount that is owed to the customer for this matter now. The decision `GIVEN_BACK` records its refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owed: Option<Money>,
    /// The refund that the matter is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refund_id: Option<Uuid>,
    /// The dispute that the matter is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dispute_id: Option<String>,
}

/// The kind of a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewCode {
    /// The provider refused a refund.
    RefundRefused,
    /// A refund failed after the provider had made it: the customer did not get the money.
    RefundFailed,
    /// The provider has not reported for a day what became of the payment or its refund.
    OutcomeUnknown,
    /// The provider's report contradicts the records or an earlier report.
    Contradiction,
    /// The customer's bank disputes the payment.
    Disputed,
    /// The shop lost a dispute: the customer has the money.
    DisputeLost,
    /// The customer's bank took the payment back, such as a deposit.
    Reversed,
}

impl ReviewCode {
    /// Whether the matter is about a refund that the customer did not get.
    pub const fn is_about_refund(self) -> bool {
        matches!(self, Self::RefundRefused | Self::RefundFailed)
    }

    /// Whether the matter is what the customer's bank did.
    pub(crate) const fn is_of_bank(self) -> bool {
        matches!(self, Self::Disputed | Self::DisputeLost | Self::Reversed)
    }

    /// Whether the bank decides the matter, so that other work on the payment goes on.
    const fn is_about_dispute(self) -> bool {
        matches!(self, Self::Disputed | Self::DisputeLost)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::RefundRefused => "refund refused",
            Self::RefundFailed => "refund failed",
            Self::OutcomeUnknown => "outcome unknown",
            Self::Contradiction => "contradiction",
            Self::Disputed => "disputed",
            Self::DisputeLost => "dispute lost",
            Self::Reversed => "reversed",
        }
    }
}

/// A decided matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecidedReview {
    /// The matter's id.
    pub review_id: Uuid,
    /// The kind of matter.
    pub code: ReviewCode,
    /// The decision.
    pub decision: Decision,
    /// The administrator who decided.
    pub decided_by: Actor,
    /// The time of the decision.
    pub decided_at: Timestamp,
}

/// The kind of a decision about a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Decision {
    /// The provider is queried, or the refund is requested, again.
    AskAgain,
    /// The payment was charged, and the shop has the money.
    Charged,
    /// The payment was not charged, and will not be.
    NotCharged,
    /// The money that is owed was given back by hand, outside of the provider.
    GivenBack,
    /// The customer's bank or the provider took money back.
    TakenBack,
    /// The records are correct. A refund that the customer did not get is not owed.
    Settled,
}

impl Decision {
    /// All kinds of decisions.
    pub const ALL: [Self; 6] = [
        Self::AskAgain,
        Self::Charged,
        Self::NotCharged,
        Self::GivenBack,
        Self::TakenBack,
        Self::Settled,
    ];
}

impl Review {
    /// A matter about `refund`.
    pub(crate) fn of_refund(
        payment: &Payment,
        code: ReviewCode,
        refund: &Refund,
        detail: String,
        now: Timestamp,
    ) -> Self {
        Self {
            refund_id: Some(refund.refund_id),
            ..Self::new(payment.payment_id, code, &refund.refund_id.to_string(), detail, now)
        }
    }

    /// A matter about a dispute.
    pub(crate) fn of_dispute(
        payment: &Payment,
        code: ReviewCode,
        dispute_id: &str,
        detail: String,
        now: Timestamp,
    ) -> Self {
        Self {
            dispute_id: Some(dispute_id.to_owned()),
            ..Self::new(payment.payment_id, code, dispute_id, detail, now)
        }
    }

    fn new(payment_id: PaymentId, code: ReviewCode, subject: &str, detail: String, now: Timestamp) -> Self {
        Self {
            review_id: Self::id_of(payment_id, code, subject),
            code,
            detail,
            opened_at: now,
            owed: None,
            refund_id: None,
            dispute_id: None,
        }
    }

    fn id_of(payment_id: PaymentId, code: ReviewCode, subject: &str) -> Uuid {
        derive_id(&["review", &payment_id.to_string(), code.name(), subject])
    }
}

impl Payment {
    /// Whether a person must decide a matter of the payment.
    pub fn is_in_review(&self) -> bool {
        !self.reviews.is_empty()
    }

    /// Whether the reconciler must leave the payment alone until a matter is decided.
    pub fn is_blocked(&self) -> bool {
        self.reviews.iter().any(|review| !review.code.is_about_dispute())
    }

    /// Whether the pending refund can be made: there is one, and no open question about the provider's records.
    pub fn can_make_refund(&self) -> bool {
        self.pending_refund().is_some() && !self.has_question()
    }

    /// Whether a question about the provider's records is open.
    pub(crate) fn has_question(&self) -> bool {
        let is_question =
            |review: &Review| matches!(review.code, ReviewCode::OutcomeUnknown | ReviewCode::Contradiction);
        self.reviews.iter().any(is_question)
    }

    /// The payment in review because the provider has not reported an outcome for a day.
    #[must_use]
    pub fn with_unknown_outcome(&self, now: Timestamp) -> Self {
        let detail = "The provider has not reported the outcome for a day.".to_owned();
        let mut next = self.clone();
        next.open_review(Review::new(
            self.payment_id,
            ReviewCode::OutcomeUnknown,
            "",
            detail,
            now,
        ));
        next.refresh_reviews();
        next
    }

    /// Opens a review because the provider contradicts the records. Returns false when this `claim` is in review, or an
    /// administrator has decided it.
    pub(crate) fn contradict(&mut self, claim: &str, detail: String, now: Timestamp) -> bool {
        let is_contradiction = |code: ReviewCode| code == ReviewCode::Contradiction;
        let open = self
            .reviews
            .iter()
            .filter(|review| is_contradiction(review.code))
            .count();
        let decided = self
            .decided
            .iter()
            .filter(|review| is_contradiction(review.code))
            .count();
        let mut review = Review::new(self.payment_id, ReviewCode::Contradiction, claim, detail, now);
        let is_decided = self.decided.iter().any(|decided| decided.review_id == review.review_id);
        let is_open = self.reviews.iter().any(|known| known.review_id == review.review_id);
        if is_decided || is_open {
            return false;
        }
        if open + decided >= MAX_CONTRADICTIONS {
            let detail = "The provider contradicts itself again and again. Look the payment up there.".to_owned();
            review = Review::new(self.payment_id, ReviewCode::Contradiction, "more", detail, now);
        }
        self.open_review(review)
    }

    /// Ends the review of a claim that the provider no longer makes.
    pub(crate) fn withdraw_contradiction(&mut self, claim: &str) {
        let withdrawn = self.contradiction_id(claim);
        self.close_reviews(|review| review.review_id == withdrawn);
    }

    /// The id of the review of a contradiction.
    pub(crate) fn contradiction_id(&self, claim: &str) -> Uuid {
        Review::id_of(self.payment_id, ReviewCode::Contradiction, claim)
    }

    /// Opens a review of a reversal.
    pub(crate) fn review_reversal(&mut self, detail: String, now: Timestamp) {
        self.open_review(Review::new(self.payment_id, ReviewCode::Reversed, "", detail, now));
    }

    /// Adds a matter. Returns false when it is already in review, or it is a dispute that a person has already seen.
    pub(crate) fn open_review(&mut self, review: Review) -> bool {
        let is_known = |id: Uuid| id == review.review_id;
        let is_seen = review.code.is_about_dispute() && self.decided.iter().any(|known| is_known(known.review_id));
        if is_seen || self.reviews.iter().any(|known| is_known(known.review_id)) {
            return false;
        }
        self.reviews.push(review);
        true
    }

    /// Removes the matters that are no longer open.
    pub(crate) fn close_reviews(&mut self, is_closed: impl Fn(&Review) -> bool) {
        self.reviews.retain(|review| !is_closed(review));
    }

    /// Updates what is owed for each matter, and closes the matters about refunds that are no longer owed.
    pub(crate) fn refresh_reviews(&mut self) {
        let pending = self.sum(self.pending_refund().into_iter().map(|refund| refund.amount));
        let mut left = self.owed().saturating_sub(pending);
        let nothing = Money::zero(left.currency());
        let owed_whole = (self.status == PaymentStatus::Unservable).then_some(left);
        for nth in 0..self.reviews.len() {
            let refund = self.reviews[nth].refund_id.and_then(|id| self.refund(id));
            let unmet = refund
                .filter(|refund| self.is_unmet(refund))
                .map(|refund| refund.amount);
            let owed = match self.reviews[nth].code {
                ReviewCode::RefundRefused | ReviewCode::RefundFailed => {
                    let owed = unmet.unwrap_or(nothing).min(left);
                    left = left.saturating_sub(owed);
                    owed
                }
                ReviewCode::OutcomeUnknown if pending.amount() > 0 => pending,
                ReviewCode::OutcomeUnknown => owed_whole.unwrap_or(nothing),
                _ => continue,
            };
            self.reviews[nth].owed = (owed.amount() > 0).then_some(owed);
        }
        // Other sums that are owed, such as the rest of a cancelled order's money, wait for the latest decision.
        let latest = self.reviews.iter_mut().rev();
        let mut of_refunds = latest.filter(|review| review.code.is_about_refund() && review.owed.is_some());
        if let Some(owed) = of_refunds.next().and_then(|review| review.owed.as_mut()) {
            *owed = owed.plus(left).unwrap_or(*owed);
        }
        self.close_reviews(|review| review.code.is_about_refund() && review.owed.is_none());
    }

    /// The matter with this id.
    ///
    /// # Errors
    /// [`Rejected::NotInReview`].
    pub fn review(&self, review_id: Uuid) -> Result<&Review, Rejected> {
        let found = self.reviews.iter().find(|review| review.review_id == review_id);
        found.ok_or(Rejected::NotInReview)
    }

    /// Records that a matter was decided.
    pub(crate) fn record_decision(&mut self, review: &Review, decision: Decision, by: &Actor, now: Timestamp) {
        self.close_reviews(|known| known.review_id == review.review_id);
        self.decided.retain(|known| known.review_id != review.review_id);
        if self.decided.len() >= MAX_DECIDED {
            // A decided contradiction must be remembered: the provider may repeat it.
            let oldest = self
                .decided
                .iter()
                .position(|known| known.code != ReviewCode::Contradiction);
            self.decided.remove(oldest.unwrap_or(0));
        }
        self.decided.push(DecidedReview {
            review_id: review.review_id,
            code: review.code,
            decision,
            decided_by: by.clone(),
            decided_at: now,
        });
    }
}

impl Refund {
    /// Whether the refund is made.
    pub fn is_done(&self) -> bool {
        self.status == RefundStatus::Done
    }
}
