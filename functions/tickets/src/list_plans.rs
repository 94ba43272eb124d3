//! Runs for `GET /venues/{venue_id}/plans`: lists the seating plans of a venue, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::page::{Page, PageParameters, PageRequest};
use shared::aws::lambda::{Invocation, cache};
use shared::core::error::{self, Reason};
use shared::tickets::VenueId;

use crate::entities;
use crate::plan::Plan;
use crate::showtimes::plans_of;
use crate::store::{List, ShowStore};

/// The function's store.
#[derive(Debug)]
pub struct ListPlans {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl ListPlans {
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

/// A page of plans.
pub type PlanList = Page<Plan>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Lists the seating plans of a venue
///
/// Newest first. The list is eventually consistent: a new plan may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/venues/{venue_id}/plans", operation_id = "list-plans", tag = "tickets",
    params(
        ("venue_id" = Uuid, Path, description = "The venue"),
        PageParameters,
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "A page of plans", body = PlanList,
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
pub async fn handle(function: &ListPlans, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let venue_id = http::path::<VenueId>(&request)?;
    let owner = venue_id.to_string();
    let page = PageRequest::of(&request, &["plans", &owner], &[])?;
    let list = List::newest(plans_of(venue_id));
    entities::list_public(
        &function.shows,
        &list,
        (&request, &page),
        &invocation,
        |plan: Plan| plan,
        cache::LISTS,
    )
    .await
}
