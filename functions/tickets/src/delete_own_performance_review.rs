//! Runs for `DELETE /performances/{performance_id}/reviews/mine`: deletes the caller's review of a performance.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::Writes;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::tickets::PerformanceId;

use crate::performance_reviews::review::{OwnPerformanceReview, PerformanceReviewId, ReviewEntity};
use crate::store::ShowStore;

/// The function's store.
#[derive(Debug)]
pub struct DeleteOwnPerformanceReview {
    /// Reviews.
    pub shows: ShowStore,
}

impl DeleteOwnPerformanceReview {
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

/// Deletes the caller's review of a performance
///
/// Its text is removed, and its stars do not count any more. Deleting a deleted review returns it unchanged, so a retry needs no key.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    delete, path = "/performances/{performance_id}/reviews/mine", operation_id = "delete-own-performance-review", tag = "tickets",
    security(("token" = [])),
    params(("performance_id" = Uuid, Path, description = "The performance")),
    responses(
        (status = 200, description = "The deleted review", body = OwnPerformanceReview),
    )
)]
pub async fn handle(
    function: &DeleteOwnPerformanceReview,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let author = http::caller(&request)?.customer_id;
    let performance_id = http::path::<PerformanceId>(&request)?;
    let id = PerformanceReviewId::of(performance_id, &author);
    let mut attempts = Attempts::new("delete a review");
    loop {
        attempts.start()?;
        let previous = function.shows.get::<ReviewEntity>(id.0, invocation.deadline).await?;
        let review = previous.entity.review.deleted(invocation.now);
        if review == previous.entity.review {
            return http::json(StatusCode::OK, &OwnPerformanceReview::from(&review));
        }
        let entity = ReviewEntity {
            review,
            ..previous.entity.clone()
        };
        let next = previous.next(entity, &invocation)?;
        let none = Writes::default();
        let saved = function
            .shows
            .save_review(Some(&previous), &next, none, invocation.deadline);
        if saved.await? {
            return http::json(StatusCode::OK, &OwnPerformanceReview::from(&next.entity.review));
        }
    }
}
