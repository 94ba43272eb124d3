//! Runs for `GET /admin/venues/{venue_id}`: returns the current state of a venue. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::tickets::VenueId;

use crate::store::ShowStore;
use crate::venue::Venue;

/// The function's store.
#[derive(Debug)]
pub struct GetAdminVenue {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl GetAdminVenue {
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

/// Returns a venue to administrators
///
/// Its `ETag` is the `If-Match` of a change. `get-venue` is for customers, and may be some seconds old.
///
/// # Cost
/// One request, one read unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/venues/{venue_id}", operation_id = "get-admin-venue", tag = "tickets",
    security(("token" = [])),
    params(
        ("venue_id" = Uuid, Path, description = "The venue"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The venue", body = Venue,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request, and `If-Match` of a change"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetAdminVenue, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let venue_id = http::path::<VenueId>(&request)?;
    let found = function.shows.get::<Venue>(venue_id.0, invocation.deadline).await?;
    conditional::get(&request, &found.entity, cache::EDITED)
}
