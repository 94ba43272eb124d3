//! `POST /images/{image_id}/delete` brings a picture that its customer wants gone; it leaves a record that says so, whose
//! event has upload and variants removed.

use crate::storage;
use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::images::ImageId;
use shared::images::ImageStore;
use shared::images::{Image, Rejected};

/// The function's pictures.
#[derive(Debug)]
pub struct DeleteImage {
    /// Pictures.
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

/// Deletes a picture
///
/// One's own; administrators delete any. Its files go soon after; an upload that still comes is thrown away.
///
/// # Errors
/// `not-found` for another customer's picture too, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/images/{image_id}/delete", operation_id = "delete-image", tag = "images",
    security(("token" = [])),
    params(
        ("image_id" = Uuid, Path, description = "The picture"),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters; the picture itself knows whether it is deleted",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "The picture, deleted", body = Image,
            headers(("Idempotency-Replayed" = bool, description = "true: it was deleted before"))),
        (status = 400, description = "`invalid-idempotency-key`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &DeleteImage, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    http::idempotency_key(&request)?;
    let id = http::path::<ImageId>(&request)?;
    let may = |image: &Image| caller.is_admin || image.customer_id == caller.customer_id;
    let deleted = storage::delete(&function.images, id, may, &invocation).await?;
    let (image, again) = deleted.ok_or(Rejected::NotFound)?;
    let answer = http::json(StatusCode::OK, &image)?;
    Ok(if again { http::replayed(answer) } else { answer })
}
