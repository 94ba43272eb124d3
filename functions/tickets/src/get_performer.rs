//! Runs for `GET /performers/{performer_id}`: returns a performer. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};

use crate::performer::{Performer, PerformerId};
use crate::store::ShowStore;

/// The function's store.
#[derive(Debug)]
pub struct GetPerformer {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl GetPerformer {
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

/// Returns a performer
///
/// At most 15 seconds old. Administrators read it with `get-admin-performer` before they change it.
///
/// # Cost
/// One request, one read unit.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/performers/{performer_id}", operation_id = "get-performer", tag = "tickets",
    params(
        ("performer_id" = Uuid, Path, description = "The performer"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The performer", body = Performer,
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
pub async fn handle(function: &GetPerformer, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let performer_id = http::path::<PerformerId>(&request)?;
    let found = function
        .shows
        .get::<Performer>(performer_id.0, invocation.deadline)
        .await?;
    conditional::get(&request, &found.entity, cache::DETAILS)
}
