//! Runs for `POST /admin/performances`: creates a performance.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::Reason;
use shared::images::ImageStore;
use shared::tickets::PerformanceId;

use crate::entities::{Creation, created};
use crate::performance::{CreatePerformanceRequest, Performance};
use crate::reason;
use crate::references;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct CreatePerformance {
    /// Venues, performances and showtimes.
    pub shows: ShowStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl CreatePerformance {
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

/// Creates a performance
///
/// A retry with the same key and body returns it in its current state.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/performances", operation_id = "create-performance", tag = "tickets",
    request_body = CreatePerformanceRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each performance",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The performance", body = Performance,
            headers(
                ("ETag" = String, description = "For `If-Match` of a change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The performance's path"),
            )),
    )
)]
pub async fn handle(function: &CreatePerformance, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let body: CreatePerformanceRequest = http::body(&request)?;
    let creation = Creation::of(&request, "performance", &body)?;
    let performance_id = PerformanceId(creation.id);
    let path = format!("/admin/performances/{performance_id}");
    if let Some(earlier) = creation.earlier::<Performance>(&function.shows, &invocation).await? {
        return created(&earlier, &path).map(http::replayed);
    }
    let performance = body.checked(performance_id, invocation.now, invocation.now)?;
    references::of_performance((&function.shows, &function.images), None, &performance, &invocation).await?;
    creation.save(&function.shows, performance, &path, &invocation).await
}
