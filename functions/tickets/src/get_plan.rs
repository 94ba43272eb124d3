//! Runs for `GET /plans/{plan_id}`: returns a seating plan without its seats. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::tickets::PlanId;

use crate::plan::Plan;
use crate::store::ShowStore;

/// The function's store.
#[derive(Debug)]
pub struct GetPlan {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl GetPlan {
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

/// Returns a seating plan
///
/// Its seats are in the tiles of its sections: `GET /section-tiles/{digest}`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/plans/{plan_id}", operation_id = "get-plan", tag = "tickets",
    params(
        ("plan_id" = Uuid, Path, description = "The plan"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The plan", body = Plan,
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
pub async fn handle(function: &GetPlan, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let plan_id = http::path::<PlanId>(&request)?;
    let found = function.shows.get::<Plan>(plan_id.0, invocation.deadline).await?;
    conditional::get(&request, &found.entity, cache::REFERENCE)
}
