//! Runs for `PATCH /admin/venues/{venue_id}`: changes the named fields of a venue.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::json::UniqueMap;
use shared::core::merge_patch::Patch;
use shared::tickets::VenueId;

use crate::entities;
use crate::fields;
use crate::reason;
use crate::store::ShowStore;
use crate::venue::{CreateVenueRequest, Venue};

/// The function's store.
#[derive(Debug)]
pub struct UpdateVenue {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl UpdateVenue {
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

/// Changes of a venue, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateVenueRequest {
    /// The names to change, by language. `null` removes one.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::names_patch_schema)]
    pub names: UniqueMap<Option<String>>,
    /// The address that customers see. Text of one line.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    pub address: Patch<String>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::INVALID_SHOW];

/// Changes a venue
///
/// Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has changed
/// the venue since it was read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in
/// any case. The time zone cannot be changed.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/venues/{venue_id}", operation_id = "update-venue", tag = "tickets",
    request_body(content = UpdateVenueRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("venue_id" = Uuid, Path, description = "The venue"),
        ("If-Match" = String, Header, description = "The `ETag` of the venue as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The venue", body = Venue,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdateVenue, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let venue_id = http::path::<VenueId>(&request)?;
    let body: UpdateVenueRequest = http::body(&request)?;
    let change = async |previous: &Venue| {
        let fields = fields::patched(&CreateVenueRequest::of(previous), &body)?;
        let venue = fields.checked(venue_id, previous.created_at, previous.updated_at)?;
        Ok(venue)
    };
    let touch = |venue| Venue {
        updated_at: invocation.now,
        ..venue
    };
    entities::update(&function.shows, venue_id.0, &request, &invocation, change, touch).await
}
