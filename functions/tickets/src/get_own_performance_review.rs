//! Runs for `GET /performances/{performance_id}/reviews/mine`: returns the caller's review of a performance. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason, Rejection};
use shared::tickets::PerformanceId;

use crate::performance_reviews::review::{OwnPerformanceReview, PerformanceReviewId, ReviewEntity};
use crate::store::{Entity, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct GetOwnPerformanceReview {
    /// Reviews.
    pub shows: ShowStore,
}

impl GetOwnPerformanceReview {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns the caller's review of a performance
///
/// Also a hidden one, with the reason. Its `ETag` is the `If-Match` of a change.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/performances/{performance_id}/reviews/mine", operation_id = "get-own-performance-review", tag = "tickets",
    security(("token" = [])),
    params(("performance_id" = Uuid, Path, description = "The performance")),
    responses(
        (status = 200, description = "The review", body = OwnPerformanceReview,
            headers(("ETag" = String, description = "For `If-Match` of a change"))),
    )
)]
pub async fn handle(
    function: &GetOwnPerformanceReview,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let author = http::caller(&request)?.customer_id;
    let performance_id = http::path::<PerformanceId>(&request)?;
    let id = PerformanceReviewId::of(performance_id, &author);
    let found = function
        .shows
        .find::<ReviewEntity>(id.0, invocation.deadline)
        .await?
        .filter(|stored| stored.entity.review.exists());
    let found = found.ok_or_else(|| Rejection::new(&error::NOT_FOUND, ReviewEntity::MISSING))?;
    conditional::tagged(StatusCode::OK, &OwnPerformanceReview::from(&found.entity.review))
}
