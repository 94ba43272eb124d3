//! Runs for `GET /performances/{performance_id}/reviews`, for everybody: lists the visible reviews of a performance, with its rating.
//! Changes nothing.

use futures::future::try_join;
use jiff::Timestamp;
use lambda_http::http::header;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::Reason;
use shared::tickets::PerformanceId;
use utoipa::ToSchema;

use crate::admission::store::TicketStore;
use crate::performance_reviews::rating::Rating;
use crate::performance_reviews::review::{PerformanceReviewId, PerformanceReviewStatus, ReviewEntity, reviews_of};
use crate::store::{List, ShowStore};

/// The function's stores.
#[derive(Debug)]
pub struct ListPerformanceReviews {
    /// Reviews.
    pub shows: ShowStore,
    /// Tickets.
    pub tickets: TicketStore,
}

impl ListPerformanceReviews {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            tickets: TicketStore::new(platform)?,
        })
    }
}

/// A review as everybody sees it, without its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicPerformanceReview {
    /// The review's id.
    pub performance_review_id: PerformanceReviewId,
    /// The stars, from 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: u8,
    /// The text. It is not markup: escape it when you show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 2_000)]
    pub text: Option<String>,
    /// Whether the author's ticket is valid. False once it was refunded.
    pub is_verified: bool,
    /// The time at which it was written.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// A page of reviews, and the rating of the performance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicPerformanceReviewList {
    /// The rating by all visible reviews, on every page.
    pub rating: Rating,
    /// The reviews.
    pub items: Vec<PublicPerformanceReview>,
    /// Cursor of the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the reviews of a performance
///
/// The visible ones, newest first. Only customers who have attended write one. The counters of the rating are those of all visible reviews at
/// the moment of the answer; the list is eventually consistent, so a review that was just written, hidden or deleted may take a
/// moment to appear or disappear. A performance that does not exist has no reviews.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/performances/{performance_id}/reviews", operation_id = "list-performance-reviews", tag = "tickets",
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of reviews", body = PublicPerformanceReviewList,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(
    function: &ListPerformanceReviews,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let name = performance_id.to_string();
    let page = PageRequest::of(&request, &["performance reviews", &name], &[])?;
    let list = List::newest(reviews_of(performance_id, PerformanceReviewStatus::Visible));
    let (found, counts) = try_join(
        function
            .shows
            .list::<ReviewEntity>(&list, page.after()?, page.limit, invocation.deadline),
        function.shows.star_counts(performance_id, invocation.deadline),
    )
    .await?;
    let tickets = found.items.iter().map(|entity| entity.review.ticket_id);
    let valid = function.tickets.valid_among(tickets, invocation.deadline).await?;
    let items = found.items.into_iter().map(|entity| {
        let review = entity.review;
        PublicPerformanceReview {
            performance_review_id: review.performance_review_id,
            stars: review.stars,
            text: review.text,
            is_verified: valid.contains(&review.ticket_id),
            created_at: review.created_at,
            updated_at: review.updated_at,
        }
    });
    let next_cursor = page.cursor(found.next);
    let link = next_cursor.as_deref().map(|cursor| page.link(cursor)).transpose()?;
    let body = PublicPerformanceReviewList {
        rating: Rating::from(counts),
        items: items.collect(),
        next_cursor,
    };
    let mut response = conditional::get(&request, &body, cache::LISTS)?;
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
