//! Runs for `DELETE /admin/performances/{performance_id}`: deletes a performance, and its posters in the same transaction.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::dynamodb::transaction::{Writes, put};
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::images::{ImageId, ImageStore};
use shared::tickets::PerformanceId;

use crate::coming_showtimes::require_none_to_come;
use crate::performance::Performance;
use crate::reason;
use crate::store::ShowStore;

/// The function's stores.
#[derive(Debug)]
pub struct DeletePerformance {
    /// Performances and showtimes.
    pub shows: ShowStore,
    /// Images.
    pub images: ImageStore,
}

impl DeletePerformance {
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
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND, &reason::PERFORMANCE_HAS_SHOWTIMES];

/// Deletes a performance
///
/// Refused while a published showtime is neither over nor cancelled: its seats are sold or held. Customers and searches do not find
/// the performance any more, and nothing of it changes or is published. Its cast, its descriptions and its posters are removed; the
/// pictures are deleted also where another performance or a product shows them. A showtime that is published at the same moment can stay
/// public: cancel it. Its orders, tickets and reviews stay. Deleting a deleted
/// performance returns it unchanged, so a retry needs no key.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    delete, path = "/admin/performances/{performance_id}", operation_id = "delete-performance", tag = "tickets",
    security(("token" = [])),
    params(("performance_id" = Uuid, Path, description = "The performance")),
    responses(
        (status = 200, description = "The deleted performance", body = Performance),
    )
)]
pub async fn handle(function: &DeletePerformance, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let performance_id = http::path::<PerformanceId>(&request)?;
    let mut attempts = Attempts::new("delete a performance");
    loop {
        attempts.start()?;
        let read = function.shows.get::<Performance>(performance_id.0, invocation.deadline);
        let previous = read.await?;
        if previous.entity.deleted_at.is_some() {
            return http::json(StatusCode::OK, &previous.entity);
        }
        require_none_to_come(&function.shows, &previous.entity, &invocation).await?;
        let posters = function.deletions_of(&previous.entity.posters, &invocation).await?;
        let next = previous.next(previous.entity.deleted(invocation.now), &invocation)?;
        if function.shows.save_with(&next, posters, invocation.deadline).await? {
            return http::json(StatusCode::OK, &next.entity);
        }
    }
}

impl DeletePerformance {
    /// The writes that delete those of the images that are there.
    async fn deletions_of(&self, images: &[ImageId], invocation: &Invocation) -> Result<Writes, Error> {
        let stored = self.images.existing(images, invocation.deadline).await?;
        let mut writes = vec![];
        for image in &stored {
            if let Some(write) = self.images.delete_write(image, invocation)? {
                writes.push(put(write)?);
            }
        }
        Ok(Writes(writes))
    }
}
