//! Runs for `GET /section-tiles/{digest}`: returns the seats of a section with their places. Changes nothing.

use lambda_http::Body;
use lambda_http::http::{HeaderValue, header};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::conditional::{self, EntityTag};
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache};
use shared::core::error::{self, Reason, Rejection};

use crate::plan::objects::PlanObjects;
use crate::plan::tile::{Digest, SectionTile};

/// The function's store.
#[derive(Debug)]
pub struct GetSectionTile {
    /// The tiles and layouts of plans.
    pub objects: PlanObjects,
}

impl GetSectionTile {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            objects: PlanObjects::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns the seats of a section with their places
///
/// A tile is named after its content and never changes, so it may be kept for a year.
///
/// # Cost
/// One request to S3.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/section-tiles/{digest}", operation_id = "get-section-tile", tag = "tickets",
    params(
        ("digest" = Digest, Path, description = "The tile, as the plan names it"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The tile", body = SectionTile,
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
pub async fn handle(function: &GetSectionTile, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let digest = http::path::<Digest>(&request)?;
    // The name of a tile is its tag: a client that names it has the tile.
    let tag = EntityTag::of(&digest)?;
    if let Some(unchanged) = conditional::unchanged(&request, &tag, cache::IMMUTABLE)? {
        return Ok(unchanged);
    }
    let text = function.objects.tile(&digest, invocation.deadline).await?;
    let text = text.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such tile."))?;
    let json = HeaderValue::from_static("application/json");
    let mut response = Response::new(Body::Text(text));
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    conditional::cacheable(response, &tag, cache::IMMUTABLE)
}
