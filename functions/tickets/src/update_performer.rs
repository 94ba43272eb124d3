//! Runs for `PATCH /admin/performers/{performer_id}`: changes the named fields of a performer.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::core::json::UniqueMap;
use shared::core::merge_patch::Patch;
use shared::images::ImageId;
use shared::images::ImageStore;

use crate::entities;
use crate::fields;
use crate::performer::{CreatePerformerRequest, Performer, PerformerId};
use crate::reason;
use crate::references;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct UpdatePerformer {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl UpdatePerformer {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            shows: ShowStore::new(platform)?,
            images: ImageStore::new(platform)?,
        })
    }
}

/// Changes of a performer, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePerformerRequest {
    /// The names to change, by language. `null` removes one.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::names_patch_schema)]
    pub names: UniqueMap<Option<String>>,
    /// The biographies to change, by language. `null` removes one.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = fields::texts_patch_schema)]
    pub biographies: UniqueMap<Option<String>>,
    /// The portrait. It must be `READY` and uploaded with the purpose `LISTING`.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<ImageId>)]
    pub image: Patch<ImageId>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::INVALID_SHOW];

/// Changes a performer
///
/// Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has changed
/// the performer since it was read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in
/// any case.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/performers/{performer_id}", operation_id = "update-performer", tag = "tickets",
    request_body(content = UpdatePerformerRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("performer_id" = Uuid, Path, description = "The performer"),
        ("If-Match" = String, Header, description = "The `ETag` of the performer as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The performer", body = Performer,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdatePerformer, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let performer_id = http::path::<PerformerId>(&request)?;
    let body: UpdatePerformerRequest = http::body(&request)?;
    let change = async |previous: &Performer| {
        let fields = fields::patched(&CreatePerformerRequest::of(previous), &body)?;
        let performer = fields.checked(performer_id, previous.created_at, previous.updated_at)?;
        references::of_performer(&function.images, Some(previous), &performer, &invocation).await?;
        Ok(performer)
    };
    let touch = |performer| Performer {
        updated_at: invocation.now,
        ..performer
    };
    entities::update(&function.shows, performer_id.0, &request, &invocation, change, touch).await
}
