//! Runs for `POST /admin/performers`: creates a performer.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Reason;
use shared::images::ImageStore;

use crate::entities::{Creation, created};
use crate::performer::{CreatePerformerRequest, Performer, PerformerId};
use crate::reason;
use crate::references;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct CreatePerformer {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl CreatePerformer {
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

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::INVALID_SHOW];

/// Creates a performer
///
/// A retry with the same key and body returns it in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/performers", operation_id = "create-performer", tag = "tickets",
    request_body = CreatePerformerRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each performer",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The performer", body = Performer,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The performer's path"),
            )),
    )
)]
pub async fn handle(function: &CreatePerformer, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let body: CreatePerformerRequest = http::body(&request)?;
    let creation = Creation::of(&request, "performer", &body)?;
    let performer_id = PerformerId(creation.id);
    let path = format!("/admin/performers/{performer_id}");
    if let Some(earlier) = creation.earlier::<Performer>(&function.shows, &invocation).await? {
        return created(&earlier, &path).map(http::replayed);
    }
    let performer = body.checked(performer_id, invocation.now, invocation.now)?;
    references::of_performer(&function.images, None, &performer, &invocation).await?;
    creation.save(&function.shows, performer, &path, &invocation).await
}
