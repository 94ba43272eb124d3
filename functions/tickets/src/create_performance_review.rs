//! Runs for `POST /performances/{performance_id}/reviews`: records the caller's review of a performance that they have attended.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::tickets::{PerformanceId, Showtime, TicketId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::admission::store::attendance::DayOfReviews;
use crate::admission::ticket::Ticket;
use crate::entities;
use crate::event::{PerformanceReviewState, TicketEvent};
use crate::performance_reviews::attendance::Proof;
use crate::performance_reviews::review::{Opinion, OwnPerformanceReview, PerformanceReview, ReviewEntity};
use crate::performance_reviews::writing::{Loaded, ReviewWriter};
use crate::reason;
use crate::store::Stored;

/// The function's stores.
#[derive(Debug)]
pub struct CreatePerformanceReview {
    /// Reviews and tickets.
    pub writer: ReviewWriter,
    /// The proof of an attendance.
    pub proof: Proof,
}

impl CreatePerformanceReview {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            writer: ReviewWriter::new(platform)?,
            proof: Proof::of(platform)?,
        })
    }
}

/// A review of a performance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePerformanceReviewRequest {
    /// The caller's ticket of a showtime of the performance.
    pub ticket_id: TicketId,
    /// The stars, from 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: u8,
    /// The opinion in words, which everybody can read. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 2_000)]
    pub text: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &reason::INVALID_REVIEW,
    &reason::NOT_ATTENDED,
    &reason::SHOW_NOT_OVER,
    &reason::REVIEW_EXISTS,
    &reason::TOO_MANY_REVIEWS,
];

/// Reviews a performance
///
/// For those who have attended: the holder of a ticket that was checked in, or, where the shop does not scan, of a valid one, once the
/// show is over. A customer has one review of a performance, and writes or edits at most 10 reviews a day (UTC). Everybody sees it,
/// without a name. The ticket is checked in the transaction that records the review.
///
/// After a deletion the customer can write another one; if the deleted one was hidden, it is hidden too. A retry with the same key
/// returns the review in its current state.
///
/// # Errors
/// `not-found` for another customer's ticket too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/performances/{performance_id}/reviews", operation_id = "create-performance-review", tag = "tickets",
    request_body = CreatePerformanceReviewRequest,
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The review", body = OwnPerformanceReview,
            headers(
                ("Location" = String, description = "Path of the caller's review"),
                ("ETag" = String, description = "For `If-Match` of the next change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request wrote it"),
            )),
    )
)]
pub async fn handle(
    function: &CreatePerformanceReview,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let author = http::caller(&request)?.customer_id;
    let key = http::idempotency_key(&request)?;
    let performance_id = http::path::<PerformanceId>(&request)?;
    let body: CreatePerformanceReviewRequest = http::body(&request)?;
    let opinion = Opinion::new(body.stars, body.text.as_deref())?;
    // With the key: a guess at a deleted text cannot be compared with it.
    let fingerprint = key.fingerprint_of(&(performance_id, &body));
    let new = NewReview {
        request_id: key.derive_id("performance review", &author),
        fingerprint: fingerprint.map_err(|error| Error::internal("read a review", error))?,
        performance_id,
        opinion,
    };
    let mut attempts = Attempts::new("write a review");
    loop {
        attempts.start()?;
        let loading = function
            .writer
            .load(performance_id, &author, Some(body.ticket_id), &invocation);
        let loaded = loading.await?;
        if let Some(present) = &loaded.review {
            let known = &present.entity;
            if known.request_id == new.request_id {
                present.fingerprint.require_same(&new.fingerprint)?;
                return created(&known.review).map(http::replayed);
            }
            // Only the id of an earlier request is kept, so its body is not compared.
            if known.earlier_requests.contains(&new.request_id) {
                return created(&known.review).map(http::replayed);
            }
            if known.review.exists() {
                let detail = "You have reviewed this performance. Update your review, or delete it first.";
                return Err(Rejection::new(&reason::REVIEW_EXISTS, detail).into());
            }
        }
        if let Some(review) = function.write(loaded, &new, &author, &invocation).await? {
            return created(&review);
        }
    }
}

/// The review that is asked for.
struct NewReview {
    request_id: Uuid,
    fingerprint: Fingerprint,
    performance_id: PerformanceId,
    opinion: Opinion,
}

impl CreatePerformanceReview {
    /// Records a review. `None` when something has changed: read again.
    async fn write(
        &self,
        loaded: Loaded,
        new: &NewReview,
        author: &CustomerId,
        invocation: &Invocation,
    ) -> Result<Option<PerformanceReview>, Error> {
        loaded.require_another_today()?;
        let performance = loaded
            .performance
            .ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such performance."))?;
        let ticket = loaded.ticket.filter(|ticket: &Ticket| ticket.holder_id == *author);
        let ticket = ticket.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such ticket."))?;
        let showtime = self
            .writer
            .shows
            .get::<Showtime>(ticket.showtime_id.0, invocation.deadline);
        self.proof
            .require(&ticket, &showtime.await?.entity, &performance, invocation.now)?;
        let deleted = loaded.review.as_ref().map(|stored| &stored.entity);
        let review = PerformanceReview::new(new.performance_id, author, &ticket, new.opinion.clone(), invocation.now);
        let review = review.following(deleted.map(|entity| &entity.review));
        let entity = ReviewEntity {
            review: review.clone(),
            request_id: new.request_id,
            earlier_requests: deleted.map(ReviewEntity::requests).unwrap_or_default(),
        };
        let event = TicketEvent::PerformanceReviewWritten(PerformanceReviewState::from(&review));
        let version = loaded.review.as_ref().map_or(1, |deleted| deleted.version + 1);
        let next = Stored {
            version,
            event: Some(invocation.record(&event)?),
            ..Stored::new(entity, new.fingerprint.clone(), invocation.actor()?.clone())
        };
        let tickets = &self.writer.tickets;
        let further = Writes(vec![
            tickets.attendance_check(&ticket, self.proof)?,
            tickets.count_review(&DayOfReviews::of(author, invocation.now))?,
        ]);
        let shows = &self.writer.shows;
        let saved = shows.save_review(loaded.review.as_ref(), &next, further, invocation.deadline);
        Ok(saved.await?.then_some(review))
    }
}

fn created(review: &PerformanceReview) -> Result<Response, Error> {
    let path = format!("/performances/{}/reviews/mine", review.performance_id);
    entities::created(&OwnPerformanceReview::from(review), &path)
}
