//! Runs for `GET /admin/performances/{performance_id}`: returns a performance, listed or not. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::{self, Reason};
use shared::tickets::PerformanceId;

use crate::performance::Performance;
use crate::store::ShowStore;

/// The function's store.
#[derive(Debug)]
pub struct GetAdminPerformance {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
}

impl GetAdminPerformance {
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

/// Returns a performance to administrators
///
/// Listed or not. Its `ETag` is the `If-Match` of a change.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/performances/{performance_id}", operation_id = "get-admin-performance", tag = "tickets",
    security(("token" = [])),
    params(
        ("performance_id" = Uuid, Path, description = "The performance"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The performance", body = Performance,
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
pub async fn handle(
    function: &GetAdminPerformance,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let found = function
        .shows
        .get::<Performance>(performance_id.0, invocation.deadline)
        .await?;
    conditional::get(&request, &found.entity, cache::EDITED)
}
