//! Runs for `DELETE /images/{image_id}`: marks an image as deleted. Its event makes `purge-image` remove the files.

use crate::get_image::ImageView;
use crate::storage;
use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason};
use shared::images::{Image, ImageId, ImageStore, Rejected};

/// The function's store.
#[derive(Debug)]
pub struct DeleteImage {
    /// Images.
    pub images: ImageStore,
}

impl DeleteImage {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            images: ImageStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Deletes an image
///
/// Customers delete their own images; administrators delete any. The files are removed soon after. A later upload is
/// discarded. Deleting a deleted image returns it unchanged, so a retry needs no key.
///
/// # Errors
/// `not-found` for another customer's image too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    delete, path = "/images/{image_id}", operation_id = "delete-image", tag = "images",
    security(("token" = [])),
    params(("image_id" = Uuid, Path, description = "The image")),
    responses(
        (status = 200, description = "The deleted image", body = ImageView),
    )
)]
pub async fn handle(function: &DeleteImage, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let id = http::path::<ImageId>(&request)?;
    let by = |image: &Image| {
        let is_allowed = caller.is_admin || image.customer_id == caller.customer_id;
        is_allowed.then(|| caller.acting_on(&image.customer_id))
    };
    let deleted = storage::delete(&function.images, id, by, &invocation).await?;
    // A deleted image has no variants, so their URL is not needed.
    http::json(StatusCode::OK, &ImageView::of(deleted.ok_or(Rejected::NotFound)?, ""))
}
