//! Runs for `POST /images`: records a new image and returns a presigned URL for exactly this upload.
//!
//! The file goes straight to S3. Key, type, length and checksum are part of the signature: S3 rejects any other upload.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::s3::{self, Presigned};
use shared::core::error::{self, Reason};
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::images::{
    self, Image, ImageId, ImagePurpose, ImageStatus, ImageStore, ImageType, MAX_BYTES, Rejected, StoredImage,
    UPLOAD_WITHIN,
};

/// The function's store and bucket.
#[derive(Debug)]
pub struct PresignUpload {
    /// Images.
    pub images: ImageStore,
    /// Signs the uploads.
    pub s3: Client,
    /// The bucket for uploads.
    pub uploads: String,
}

/// An image to upload.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresignUploadRequest {
    /// The media type: `image/jpeg`, `image/png`, `image/webp`, `image/gif`, `image/bmp` or `image/tiff`.
    #[schema(pattern = "^image/(jpeg|png|webp|gif|bmp|tiff)$", examples("image/jpeg"))]
    pub content_type: String,
    /// The file's size in bytes.
    #[schema(minimum = 1, maximum = 31_457_280)]
    pub content_length: u64,
    /// The file's SHA-256 in base64. If present, S3 accepts only these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 44, max_length = 44, pattern = "^[A-Za-z0-9+/]{43}=$")]
    pub checksum_sha256: Option<String>,
    /// The purpose of the image.
    pub purpose: ImagePurpose,
    /// Another image of the caller, which is deleted when this one is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub replaces: Option<ImageId>,
}

/// A presigned upload request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedUpload {
    /// The image's id.
    pub image_id: ImageId,
    /// The presigned URL.
    pub url: String,
    /// The HTTP method, `PUT`.
    pub method: String,
    /// The headers to send, unchanged.
    pub headers: BTreeMap<String, String>,
    /// The latest time at which the upload can start.
    pub expires_at: Timestamp,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &error::NOT_FOUND,
    &images::reason::IMAGE_TYPE_NOT_TAKEN,
    &images::reason::IMAGE_LENGTH_NOT_TAKEN,
];

/// Creates an image and presigns its upload
///
/// `PUT` the file to `url` with `headers` within ten minutes. Then poll `GET /images/{image_id}` until its status is
/// `READY` or `REJECTED`. A retry with the same key and body signs the upload again. An upload of an image that has been
/// deleted since is discarded.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/images", operation_id = "presign-upload", tag = "images", request_body = PresignUploadRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new image",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The presigned upload", body = SignedUpload,
            headers(
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created the image"),
                ("Location" = String, description = "The image's path"),
            )),
    )
)]
pub async fn handle(function: &PresignUpload, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: PresignUploadRequest = http::body(&request)?;
    let fingerprint = Fingerprint::of(&body).map_err(|error| Error::internal("read the image", error))?;
    let image = new_image(
        ImageId::of(&caller.customer_id, &key),
        &caller.customer_id,
        &body,
        &invocation,
    )?;

    let stored = StoredImage::new(image, fingerprint);
    if let Some(replaced) = body.replaces {
        let (existing, replaced) = futures::try_join!(
            function.images.get(stored.image.image_id, invocation.deadline),
            function.images.get(replaced, invocation.deadline),
        )?;
        if let Some(existing) = existing {
            return function.replay(&existing, &stored, &body, &invocation).await;
        }
        // The image may be deleted: the new one takes its place all the same.
        if replaced.is_none_or(|replaced| replaced.image.customer_id != caller.customer_id) {
            return Err(Rejected::NotFound.into());
        }
    }
    match function.images.save(&stored, invocation.deadline).await? {
        Ok(()) => function.signed(&stored.image, &body, &invocation).await,
        Err(existing) => function.replay(&existing, &stored, &body, &invocation).await,
    }
}

/// Checks the request and builds the image, before its upload.
fn new_image(
    image_id: ImageId,
    customer_id: &CustomerId,
    body: &PresignUploadRequest,
    invocation: &Invocation,
) -> Result<Image, Error> {
    let content_type = ImageType::parse(&body.content_type)?;
    if !(1..=MAX_BYTES).contains(&body.content_length) {
        return Err(Rejected::Length(body.content_length).into());
    }
    if let Some(checksum) = &body.checksum_sha256
        && STANDARD.decode(checksum).map(|bytes| bytes.len()) != Ok(32)
    {
        return Err(Rejected::Checksum.into());
    }
    Ok(Image {
        image_id,
        customer_id: customer_id.clone(),
        purpose: body.purpose,
        status: ImageStatus::AwaitingUpload,
        content_type,
        content_length: body.content_length,
        source: None,
        variants: vec![],
        placeholder: None,
        color: None,
        refusal: None,
        replaces: body.replaces,
        sequencer: None,
        created_at: invocation.now,
        changed_at: invocation.now,
    })
}

impl PresignUpload {
    /// The response to a retry: the upload signed again, also of an image that has been deleted since. Such an upload is
    /// discarded.
    async fn replay(
        &self,
        existing: &StoredImage,
        requested: &StoredImage,
        body: &PresignUploadRequest,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        existing.fingerprint.require_same(&requested.fingerprint)?;
        let signed = self.signed(&existing.image, body, invocation).await;
        signed.map(http::replayed)
    }

    /// The response with the presigned upload of `image`. Signing needs no request to AWS.
    async fn signed(
        &self,
        image: &Image,
        body: &PresignUploadRequest,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        let length = i64::try_from(image.content_length).map_err(|error| Error::internal("sign an upload", error))?;
        let put = self.s3.put_object().bucket(&self.uploads).key(image.image_id.raw_key());
        let put = put
            .content_type(image.content_type.media_type())
            .content_length(length)
            .set_checksum_sha256(body.checksum_sha256.clone());
        let Presigned { url, method, headers } = s3::presign_put(put, invocation.now, UPLOAD_WITHIN).await?;
        let upload = SignedUpload {
            image_id: image.image_id,
            url,
            method,
            headers,
            expires_at: invocation.now + UPLOAD_WITHIN,
        };
        http::created(&format!("/images/{}", upload.image_id), &upload)
    }

    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            images: ImageStore::new(platform)?,
            s3: s3::client(platform.aws()),
            uploads: platform.variable("UPLOADS_BUCKET")?,
        })
    }
}
