//! Runs for `PATCH /performances/{performance_id}/reviews/mine`: changes the caller's review of a performance.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason, Rejection};
use shared::core::merge_patch::Patch;
use shared::tickets::PerformanceId;
use utoipa::ToSchema;

use crate::admission::store::attendance::DayOfReviews;
use crate::performance_reviews::review::{Opinion, OwnPerformanceReview, ReviewEntity};
use crate::performance_reviews::writing::ReviewWriter;
use crate::reason;
use crate::store::Entity;

/// The function's stores.
#[derive(Debug)]
pub struct UpdateOwnPerformanceReview {
    /// Reviews.
    pub writer: ReviewWriter,
}

impl UpdateOwnPerformanceReview {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            writer: ReviewWriter::new(platform)?,
        })
    }
}

/// Changes of a review, as a merge patch (RFC 7396): only what is named changes, and `null` clears the text.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOwnPerformanceReviewRequest {
    /// The stars, from 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 5)]
    pub stars: Option<u8>,
    /// The text of the caller's review. Text of several lines.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2_000)]
    pub text: Patch<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::NOT_FOUND,
    &error::INVALID_TEXT,
    &reason::INVALID_REVIEW,
    &reason::REVIEW_FINAL,
    &reason::TOO_MANY_REVIEWS,
];

/// Changes the caller's review of a performance
///
/// Only what is named changes, and `null` clears the text (RFC 7396). `If-Match` is required: if the review has changed since it was
/// read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in any case. A review can be
/// edited for 30 days. A hidden one stays hidden.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/performances/{performance_id}/reviews/mine", operation_id = "update-own-performance-review", tag = "tickets",
    request_body(content = UpdateOwnPerformanceReviewRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("If-Match" = String, Header, description = "The `ETag` of the review as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The review", body = OwnPerformanceReview,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(
    function: &UpdateOwnPerformanceReview,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let author = http::caller(&request)?.customer_id;
    let performance_id = http::path::<PerformanceId>(&request)?;
    conditional::require_if_match(&request)?;
    let body: UpdateOwnPerformanceReviewRequest = http::body(&request)?;
    let mut attempts = Attempts::new("change a review");
    loop {
        attempts.start()?;
        let loaded = function.writer.load(performance_id, &author, None, &invocation).await?;
        let previous = loaded.review.as_ref().filter(|stored| stored.entity.review.exists());
        let previous = previous.ok_or_else(|| Rejection::new(&error::NOT_FOUND, ReviewEntity::MISSING))?;
        let review = &previous.entity.review;
        let text = match &body.text {
            Patch::Absent => review.text.as_deref(),
            Patch::Clear => None,
            Patch::Set(text) => Some(text.as_str()),
        };
        let opinion = Opinion::new(body.stars.unwrap_or(review.stars), text)?;
        let edited = review.edited(opinion, invocation.now)?;
        if edited == *review {
            return conditional::tagged(StatusCode::OK, &OwnPerformanceReview::from(review));
        }
        conditional::require_match(&request, &OwnPerformanceReview::from(review))?;
        loaded.require_another_today()?;
        let entity = ReviewEntity {
            review: edited,
            ..previous.entity.clone()
        };
        let next = previous.next(entity, &invocation)?;
        let day = DayOfReviews::of(&author, invocation.now);
        let further = Writes(vec![function.writer.tickets.count_review(&day)?]);
        let shows = &function.writer.shows;
        if shows
            .save_review(Some(previous), &next, further, invocation.deadline)
            .await?
        {
            return conditional::tagged(StatusCode::OK, &OwnPerformanceReview::from(&next.entity.review));
        }
    }
}
