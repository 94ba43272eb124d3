//! Runs for `GET /admin/performances/{performance_id}/reviews`, for administrators: lists the reviews of a performance. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::core::error::Reason;
use shared::tickets::PerformanceId;

use crate::performance_reviews::review::{PerformanceReview, PerformanceReviewStatus, ReviewEntity, reviews_of};
use crate::store::{List, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct ListAdminPerformanceReviews {
    /// Reviews.
    pub shows: ShowStore,
}

impl ListAdminPerformanceReviews {
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

/// A page of reviews.
pub type AdminPerformanceReviewList = Page<PerformanceReview>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the reviews of a performance for administrators
///
/// Those with the status of the parameter, newest first, with their authors. The list is eventually consistent: a change may take a
/// moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/performances/{performance_id}/reviews", operation_id = "list-admin-performance-reviews", tag = "tickets",
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("status" = inline(Option<PerformanceReviewStatus>), Query, description = "`VISIBLE` by default"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of reviews", body = AdminPerformanceReviewList),
    )
)]
pub async fn handle(
    function: &ListAdminPerformanceReviews,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let name = performance_id.to_string();
    let page = PageRequest::of(&request, &["admin performance reviews", &name], &["status"])?;
    let status: PerformanceReviewStatus = page.filter("status")?.unwrap_or_default();
    let list = List::newest(reviews_of(performance_id, status));
    let found = function
        .shows
        .list::<ReviewEntity>(&list, page.after()?, page.limit, invocation.deadline)
        .await?;
    let reviews = found.items.into_iter().map(|entity| entity.review);
    page.respond(reviews.collect(), found.next, |review: &PerformanceReview| {
        review.cursor()
    })
}
