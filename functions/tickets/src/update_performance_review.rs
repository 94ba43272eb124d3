//! Runs for `PATCH /admin/performances/{performance_id}/reviews/{performance_review_id}`, for administrators: hides a review, for a
//! reason, shows it again, or removes its text.

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

use crate::performance_reviews::review::{HiddenReason, PerformanceReview, PerformanceReviewId, ReviewEntity};
use crate::store::{Entity, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct UpdatePerformanceReview {
    /// Reviews.
    pub shows: ShowStore,
}

impl UpdatePerformanceReview {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
        })
    }
}

/// A change of a review, as a merge patch (RFC 7396).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePerformanceReviewRequest {
    /// The reason for which the review is hidden. `null` shows it again.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<HiddenReason>)]
    pub hidden_reason: Patch<HiddenReason>,
    /// `true` removes the text for good, because it has personal data. The stars stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub removes_text: Option<bool>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Hides a review of a performance, or shows it again
///
/// Only a reason hides a review, and its stars are none: `hidden_reason` hides it, and `null` shows it again. The author still sees
/// it, with the reason. The stars of a hidden review do not count. `removes_text` removes the text, and the stars stay.
///
/// `If-Match` is required. An empty change with `If-Match: *` returns the review with its tag. A change that is made already is
/// answered with 200 in any case. A deleted review is not found.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/performances/{performance_id}/reviews/{performance_review_id}",
    operation_id = "update-performance-review", tag = "tickets",
    request_body(content = UpdatePerformanceReviewRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("performance_review_id" = Uuid, Path, description = "The review"),
        ("If-Match" = String, Header, description = "The `ETag` of the review as an earlier change answered it, or `*`"),
    ),
    responses(
        (status = 200, description = "The review", body = PerformanceReview,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(
    function: &UpdatePerformanceReview,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let id = http::path::<PerformanceReviewId>(&request)?;
    conditional::require_if_match(&request)?;
    let body: UpdatePerformanceReviewRequest = http::body(&request)?;
    let missing = || Rejection::new(&error::NOT_FOUND, ReviewEntity::MISSING);
    let mut attempts = Attempts::new("change a review");
    loop {
        attempts.start()?;
        let previous = function.shows.get::<ReviewEntity>(id.0, invocation.deadline).await?;
        let review = &previous.entity.review;
        if review.performance_id != performance_id {
            return Err(missing().into());
        }
        let hidden = match body.hidden_reason {
            Patch::Absent => review.hidden_reason,
            Patch::Clear => None,
            Patch::Set(reason) => Some(reason),
        };
        let changed = review.moderated(hidden, invocation.now).ok_or_else(missing)?;
        let changed = match body.removes_text {
            Some(true) => changed.without_text(invocation.now),
            _ => changed,
        };
        if changed == *review {
            return conditional::tagged(StatusCode::OK, review);
        }
        conditional::require_match(&request, review)?;
        let entity = ReviewEntity {
            review: changed,
            ..previous.entity.clone()
        };
        let next = previous.next(entity, &invocation)?;
        let none = Writes::default();
        let saved = function
            .shows
            .save_review(Some(&previous), &next, none, invocation.deadline);
        if saved.await? {
            return conditional::tagged(StatusCode::OK, &next.entity.review);
        }
    }
}
