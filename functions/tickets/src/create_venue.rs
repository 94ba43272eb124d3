//! Runs for `POST /admin/venues`: creates a venue.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Reason;
use shared::tickets::VenueId;

use crate::entities::{Creation, created};
use crate::reason;
use crate::store::ShowStore;
use crate::venue::{CreateVenueRequest, Venue};

/// The function's store.
#[derive(Debug)]
pub struct CreateVenue {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl CreateVenue {
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
pub const REFUSALS: &[&Reason] = &[&reason::INVALID_SHOW];

/// Creates a venue
///
/// A retry with the same key and body returns it in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/venues", operation_id = "create-venue", tag = "tickets",
    request_body = CreateVenueRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each venue",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The venue", body = Venue,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The venue's path"),
            )),
    )
)]
pub async fn handle(function: &CreateVenue, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let body: CreateVenueRequest = http::body(&request)?;
    let creation = Creation::of(&request, "venue", &body)?;
    let venue_id = VenueId(creation.id);
    let path = format!("/admin/venues/{venue_id}");
    if let Some(earlier) = creation.earlier::<Venue>(&function.shows, &invocation).await? {
        return created(&earlier, &path).map(http::replayed);
    }
    let venue = body.checked(venue_id, invocation.now, invocation.now)?;
    creation.save(&function.shows, venue, &path, &invocation).await
}
