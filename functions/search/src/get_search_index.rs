//! Runs for `GET /admin/search/index`, for administrators: returns the state of the index. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Reason;

use crate::engine::Engines;
use crate::view::SearchIndex;

/// The function's engines.
#[derive(Debug)]
pub struct GetSearchIndex {
    /// The engines.
    pub engines: Engines,
}

impl GetSearchIndex {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            engines: Engines::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Returns the state of the search index
///
/// Shows its documents, its size, and how far a rebuild has come.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/search/index", operation_id = "get-search-index", tag = "search",
    security(("token" = [])),
    responses((status = 200, description = "The state of the index", body = SearchIndex)),
)]
pub async fn handle(function: &GetSearchIndex, _request: Request, invocation: Invocation) -> Result<Response, Error> {
    let state = function.engines.administered().state(&invocation).await?;
    let index = SearchIndex::new(&function.engines, state, &invocation).await?;
    http::json(StatusCode::OK, &index)
}
