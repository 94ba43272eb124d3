//! A review of a performance.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::aws::lambda::page::Cursor;
use shared::core::error::Rejection;
use shared::core::idempotency::derive_id;
use shared::core::identity::CustomerId;
use shared::core::text::DisplayText;
use shared::tickets::{PerformanceId, ShowtimeId, TicketId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::admission::ticket::Ticket;
use crate::event::{PerformanceReviewState, TicketEvent};
use crate::reason;
use crate::store::Entity;

/// The longest text, in characters.
pub const MAX_TEXT: usize = 2_000;
/// The time for which a review can be edited.
pub const EDIT_TIME: SignedDuration = SignedDuration::from_hours(30 * 24);

shared::entity_id! {
    /// A review's id, derived from the performance and the customer, who has one review of it at most.
    pub struct PerformanceReviewId as "performance_review_id", "There is no such review."
}

impl PerformanceReviewId {
    /// The id of a customer's review of a performance.
    pub fn of(performance: PerformanceId, customer: &CustomerId) -> Self {
        Self(derive_id(&[
            "performance review",
            &performance.to_string(),
            customer.as_str(),
        ]))
    }
}

/// Whether everybody sees a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PerformanceReviewStatus {
    /// Everybody sees it, and its stars count.
    #[default]
    Visible,
    /// An administrator has hidden it. Its author sees it.
    Hidden,
    /// Its author has deleted it. Its text is gone.
    Deleted,
}

/// The reason for which an administrator has hidden a review. The number of its stars is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HiddenReason {
    /// Advertising, or the same text many times.
    Spam,
    /// It insults or threatens somebody.
    Abuse,
    /// It has personal data of somebody.
    PersonalData,
    /// It is not about the performance.
    OffTopic,
    /// The law forbids it.
    Illegal,
}

/// A review of a performance, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PerformanceReview {
    /// The review's id.
    pub performance_review_id: PerformanceReviewId,
    /// The performance.
    pub performance_id: PerformanceId,
    /// The customer who wrote the review.
    pub customer_id: CustomerId,
    /// The showtime that the author has attended.
    pub showtime_id: ShowtimeId,
    /// The author's ticket.
    pub ticket_id: TicketId,
    /// The stars, from 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: u8,
    /// The text, of several lines. It is not markup: escape it when you show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 2_000)]
    pub text: Option<String>,
    /// Whether everybody sees it.
    pub status: PerformanceReviewStatus,
    /// The reason for which the review is hidden. Absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hidden_reason: Option<HiddenReason>,
    /// The time at which it was written.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// The stars and the text of an author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    stars: u8,
    text: Option<String>,
}

impl Opinion {
    /// Checks what an author says.
    ///
    /// # Errors
    /// `invalid-review` and `invalid-text`.
    pub fn new(stars: u8, text: Option<&str>) -> Result<Self, Rejection> {
        if !(1..=5).contains(&stars) {
            let detail = format!("A review gives 1 to 5 stars, not {stars}.");
            return Err(Rejection::new(&reason::INVALID_REVIEW, detail));
        }
        let text = text.map(|text| DisplayText::lines(text, MAX_TEXT)).transpose();
        let text = text.map_err(|invalid| invalid.in_field("text"))?;
        Ok(Self {
            stars,
            text: text.map(String::from),
        })
    }
}

impl PerformanceReview {
    /// A new review by the holder of a ticket.
    pub fn new(
        performance_id: PerformanceId,
        author: &CustomerId,
        ticket: &Ticket,
        opinion: Opinion,
        now: Timestamp,
    ) -> Self {
        Self {
            performance_review_id: PerformanceReviewId::of(performance_id, author),
            performance_id,
            customer_id: author.clone(),
            showtime_id: ticket.showtime_id,
            ticket_id: ticket.ticket_id,
            stars: opinion.stars,
            text: opinion.text,
            status: PerformanceReviewStatus::Visible,
            hidden_reason: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The review's position in the lists of the latest ones.
    pub fn cursor(&self) -> Cursor<1> {
        Cursor {
            at: [self.created_at.as_millisecond().unsigned_abs()],
            id: self.performance_review_id.0,
        }
    }

    /// The stars that count: those of a visible review.
    pub fn counted(&self) -> Option<u8> {
        (self.status == PerformanceReviewStatus::Visible).then_some(self.stars)
    }

    /// The time from which it cannot be edited.
    pub fn editable_until(&self) -> Timestamp {
        self.created_at + EDIT_TIME
    }

    /// The review with another opinion. A hidden one stays hidden.
    ///
    /// # Errors
    /// `review-final` after 30 days.
    pub fn edited(&self, opinion: Opinion, now: Timestamp) -> Result<Self, Rejection> {
        let changed = Self {
            stars: opinion.stars,
            text: opinion.text,
            ..self.clone()
        };
        if changed == *self {
            return Ok(changed);
        }
        if self.editable_until() <= now {
            let detail = "A review can be edited for 30 days. It can still be deleted.";
            return Err(Rejection::new(&reason::REVIEW_FINAL, detail));
        }
        Ok(Self {
            updated_at: now,
            ..changed
        })
    }

    /// The review as an administrator hides it, for a reason, or shows it again. `None` if it is deleted.
    pub fn moderated(&self, hidden: Option<HiddenReason>, now: Timestamp) -> Option<Self> {
        let status = match (self.status, hidden) {
            (PerformanceReviewStatus::Deleted, _) => return None,
            (_, Some(_)) => PerformanceReviewStatus::Hidden,
            (_, None) => PerformanceReviewStatus::Visible,
        };
        let changed = Self {
            status,
            hidden_reason: hidden,
            ..self.clone()
        };
        let updated_at = if changed == *self { self.updated_at } else { now };
        Some(Self { updated_at, ..changed })
    }

    /// A new review by an author who has deleted the one before. If that was hidden, so is this one: nobody shows again what an
    /// administrator has hidden by writing it anew.
    #[must_use]
    pub fn following(self, deleted: Option<&Self>) -> Self {
        match deleted.and_then(|deleted| deleted.hidden_reason) {
            Some(reason) => Self {
                status: PerformanceReviewStatus::Hidden,
                hidden_reason: Some(reason),
                ..self
            },
            None => self,
        }
    }

    /// The review without its text, which an administrator removes because it has personal data.
    #[must_use]
    pub fn without_text(&self, now: Timestamp) -> Self {
        if self.text.is_none() {
            return self.clone();
        }
        Self {
            text: None,
            updated_at: now,
            ..self.clone()
        }
    }

    /// The review as its author deletes it: nothing of the text stays. The reason for which it was hidden does, for the next one.
    #[must_use]
    pub fn deleted(&self, now: Timestamp) -> Self {
        if self.status == PerformanceReviewStatus::Deleted {
            return self.clone();
        }
        Self {
            text: None,
            status: PerformanceReviewStatus::Deleted,
            updated_at: now,
            ..self.clone()
        }
    }

    /// Whether its author can still see it.
    pub fn exists(&self) -> bool {
        self.status != PerformanceReviewStatus::Deleted
    }
}

/// The list of the reviews of a performance with this status.
pub fn reviews_of(performance: PerformanceId, status: PerformanceReviewStatus) -> String {
    let status = match status {
        PerformanceReviewStatus::Visible => "VISIBLE",
        PerformanceReviewStatus::Hidden => "HIDDEN",
        PerformanceReviewStatus::Deleted => "DELETED",
    };
    format!("REVIEWS#{performance}#{status}")
}

/// A review as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewEntity {
    /// The review.
    #[serde(flatten)]
    pub review: PerformanceReview,
    /// The request that has written it, which identifies a retry.
    pub request_id: Uuid,
    /// The requests that have written the deleted ones before it, the newest last: a late retry of one writes nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_requests: Vec<Uuid>,
}

impl ReviewEntity {
    /// The number of earlier requests that the review remembers: more than a customer makes in three days.
    const REMEMBERED: usize = 40;

    /// The earlier requests of the review that follows this one.
    pub fn requests(&self) -> Vec<Uuid> {
        let known = self.earlier_requests.len() + 1;
        let all = self.earlier_requests.iter().copied().chain([self.request_id]);
        all.skip(known.saturating_sub(Self::REMEMBERED)).collect()
    }
}

impl Entity for ReviewEntity {
    const PREFIX: &'static str = "REVIEW#";
    const MISSING: &'static str = "There is no such review.";

    fn id(&self) -> Uuid {
        self.review.performance_review_id.0
    }

    fn place(&self) -> (String, Timestamp) {
        let review = &self.review;
        (reviews_of(review.performance_id, review.status), review.created_at)
    }

    fn event_of_change(&self, previous: &Self) -> Option<TicketEvent> {
        use PerformanceReviewStatus::{Deleted, Hidden, Visible};
        let state = PerformanceReviewState::from(&self.review);
        Some(match (previous.review.status, self.review.status) {
            (Visible, Hidden) => TicketEvent::PerformanceReviewHidden(state),
            (Hidden, Visible) => TicketEvent::PerformanceReviewShown(state),
            (_, Deleted) => TicketEvent::PerformanceReviewDeleted(state),
            (Hidden, Hidden) if previous.review.hidden_reason != self.review.hidden_reason => {
                TicketEvent::PerformanceReviewHidden(state)
            }
            _ => TicketEvent::PerformanceReviewWritten(state),
        })
    }
}

/// The caller's review of a performance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnPerformanceReview {
    /// The review's id.
    pub performance_review_id: PerformanceReviewId,
    /// The performance.
    pub performance_id: PerformanceId,
    /// The showtime that the caller has attended.
    pub showtime_id: ShowtimeId,
    /// The caller's ticket.
    pub ticket_id: TicketId,
    /// The stars, from 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: u8,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 2_000)]
    pub text: Option<String>,
    /// Whether everybody sees it.
    pub status: PerformanceReviewStatus,
    /// The reason for which an administrator has hidden the review. Absent if it is not hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hidden_reason: Option<HiddenReason>,
    /// The time from which it cannot be edited.
    pub editable_until: Timestamp,
    /// The time at which it was written.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl From<&PerformanceReview> for OwnPerformanceReview {
    fn from(review: &PerformanceReview) -> Self {
        Self {
            performance_review_id: review.performance_review_id,
            performance_id: review.performance_id,
            showtime_id: review.showtime_id,
            ticket_id: review.ticket_id,
            stars: review.stars,
            text: review.text.clone(),
            status: review.status,
            hidden_reason: review.hidden_reason.filter(|_| review.exists()),
            editable_until: review.editable_until(),
            created_at: review.created_at,
            updated_at: review.updated_at,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A visible review of four stars.
    pub fn review() -> PerformanceReview {
        let performance_id = PerformanceId(Uuid::from_u128(1));
        let customer_id = CustomerId::new("ann");
        PerformanceReview {
            performance_review_id: PerformanceReviewId::of(performance_id, &customer_id),
            performance_id,
            customer_id,
            showtime_id: ShowtimeId(Uuid::from_u128(2)),
            ticket_id: TicketId(Uuid::from_u128(3)),
            stars: 4,
            text: Some("Fine.".to_owned()),
            status: PerformanceReviewStatus::Visible,
            hidden_reason: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_review_gives_one_to_five_stars_and_has_a_text_of_2000_characters_at_most() {
        for stars in 0..=6 {
            assert_eq!(Opinion::new(stars, None).is_ok(), (1..=5).contains(&stars), "{stars}");
        }
        assert!(Opinion::new(5, Some(&"가".repeat(2_000))).is_ok());
        for bad in [String::new(), "가".repeat(2_001), "a\u{0}".to_owned()] {
            assert!(Opinion::new(5, Some(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_review_can_be_edited_for_30_days_and_the_same_edit_again_changes_nothing() {
        let last = review().editable_until() - SignedDuration::from_millis(1);
        let edited = review().edited(Opinion::new(1, None).unwrap(), last).unwrap();
        assert_eq!((edited.stars, &edited.text, edited.updated_at), (1, &None, last));
        let late = review().editable_until();
        assert!(review().edited(Opinion::new(1, None).unwrap(), late).is_err());
        let same = Opinion::new(4, Some("Fine.")).unwrap();
        assert_eq!(review().edited(same, late), Ok(review()));
    }

    #[test]
    fn a_deleted_review_has_no_text_and_is_not_shown_again() {
        let now = review().editable_until();
        let hidden = review().moderated(Some(HiddenReason::Spam), now).unwrap();
        assert_eq!((hidden.counted(), review().counted()), (None, Some(4)));
        let deleted = hidden.deleted(now);
        assert_eq!(
            (&deleted.text, deleted.hidden_reason, deleted.counted()),
            (&None, Some(HiddenReason::Spam), None)
        );
        assert_eq!(OwnPerformanceReview::from(&deleted).hidden_reason, None);
        let again = review().following(Some(&deleted));
        assert_eq!((again.status, again.counted()), (PerformanceReviewStatus::Hidden, None));
        assert_eq!(review().following(Some(&review().deleted(now))), review());
        assert_eq!(deleted.moderated(None, now), None);
        assert_eq!(deleted.deleted(now + EDIT_TIME), deleted);
    }
}
