//! `POST /images` brings what a customer wants to upload; it leaves the picture's record, and answers a signed address to
//! which exactly that may be put.
//!
//! Nothing of the picture flows through here. Key, type, length and checksum are part of the signature: S3 refuses any
//! other upload.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem, TokenRequired};
use shared::aws::s3;
use shared::core::idempotency::Fingerprint;
use shared::core::identity::CustomerId;
use shared::images::{Image, ImageId, ImagePurpose, ImageStatus, ImageType, MAX_BYTES, Rejected, UPLOAD_WITHIN};
use shared::images::{ImageStore, StoredImage};

/// The function's table and bucket.
#[derive(Debug)]
pub struct PresignUpload {
    /// Pictures.
    pub images: ImageStore,
    /// What signs.
    pub s3: Client,
    /// Where customers upload to.
    pub uploads: String,
}

/// A picture to be uploaded.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresignUploadRequest {
    /// Its media type: `image/jpeg`, `image/png`, `image/webp`, `image/gif`, `image/bmp` or `image/tiff`.
    #[schema(examples("image/jpeg"))]
    pub content_type: String,
    /// Its size in bytes.
    #[schema(minimum = 1, maximum = 31_457_280)]
    pub content_length: u64,
    /// Its SHA-256 in base64: with it, S3 takes these very bytes and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 44, max_length = 44)]
    pub checksum_sha256: Option<String>,
    /// What it is for.
    pub purpose: ImagePurpose,
    /// A picture of the same customer whose place it takes: that one goes once this one is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub replaces: Option<ImageId>,
}

/// Where and how to upload.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedUpload {
    /// The picture's id.
    pub image_id: ImageId,
    /// The address.
    pub url: String,
    /// `PUT`.
    pub method: String,
    /// The headers to send with it, exactly so.
    pub headers: BTreeMap<String, String>,
    /// Until when the upload may begin.
    pub expires_at: Timestamp,
}

/// Signs an upload of a picture
///
/// `PUT` the file to `url` with `headers`, within ten minutes; then `GET /images/{image_id}` until it is `READY`.
///
/// # Errors
/// Rejections of [`Rejected`], `image-type-not-taken`, `idempotency-key-reused`, [`Error::Unavailable`],
/// [`Error::Internal`].
#[utoipa::path(
    post, path = "/images", operation_id = "presign-upload", tag = "images", request_body = PresignUploadRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each new picture",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The upload, signed", body = SignedUpload,
            headers(("Idempotency-Replayed" = bool, description = "true: the picture was announced by an earlier request"))),
        (status = 400, description = "`malformed-body`, `invalid-idempotency-key`, `invalid-parameter`: `checksum_sha256`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: the picture that it replaces, or it was deleted since", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`body-too-large`: over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`image-type-not-taken`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`image-length-not-taken`, `idempotency-key-reused`", body = Problem, content_type = "application/problem+json"),
        TokenRequired, Faults,
    )
)]
pub async fn handle(function: &PresignUpload, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: PresignUploadRequest = http::body(&request)?;
    let fingerprint = Fingerprint::of(&body).map_err(|error| Error::internal("read the picture", error))?;
    let image = announced(
        ImageId::of(&caller.customer_id, &key),
        &caller.customer_id,
        &body,
        &invocation,
    )?;

    if let Some(replaced) = body.replaces {
        let replaced = function.images.get(replaced, invocation.deadline).await?;
        // A retry may come when it is gone already.
        let own = replaced.is_some_and(|replaced| replaced.image.customer_id == caller.customer_id);
        if !own || body.replaces == Some(image.image_id) {
            return Err(Rejected::NotFound.into());
        }
    }
    let stored = StoredImage::first(image, fingerprint);
    match function.images.save(&stored, invocation.deadline).await? {
        Ok(()) => function.signed(&stored.image, &body, &invocation).await,
        Err(stands) => {
            stands.fingerprint.require_same(&stored.fingerprint)?;
            if stands.image.status == ImageStatus::Deleted {
                return Err(Rejected::NotFound.into());
            }
            let signed = function.signed(&stands.image, &body, &invocation).await;
            signed.map(http::replayed)
        }
    }
}

/// The picture as it is before its upload.
fn announced(
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
        colour: None,
        refusal: None,
        replaces: body.replaces,
        sequencer: None,
        created_at: invocation.now,
        changed_at: invocation.now,
    })
}

impl PresignUpload {
    /// The answer that lets `image` be uploaded. Signing is arithmetic: it asks nobody.
    async fn signed(
        &self,
        image: &Image,
        body: &PresignUploadRequest,
        invocation: &Invocation,
    ) -> Result<Response, Error> {
        const DOING: &str = "sign an upload";
        let within = UPLOAD_WITHIN.unsigned_abs();
        let period = PresigningConfig::builder()
            .start_time(invocation.now.into())
            .expires_in(within)
            .build()
            .map_err(|error| Error::internal(DOING, error))?;
        let put = self.s3.put_object().bucket(&self.uploads).key(image.image_id.raw_key());
        let put = put
            .content_type(image.content_type.media_type())
            .content_length(i64::try_from(image.content_length).map_err(|error| Error::internal(DOING, error))?)
            .set_checksum_sha256(body.checksum_sha256.clone());
        let signed = put.presigned(period).await;
        let signed = signed.map_err(|error| s3::classify_error(DOING, error))?;
        let headers = signed
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let upload = SignedUpload {
            image_id: image.image_id,
            url: signed.uri().to_owned(),
            method: signed.method().to_owned(),
            headers: headers.filter(|(name, _)| name != "host").collect(),
            expires_at: invocation.now + UPLOAD_WITHIN,
        };
        http::json(StatusCode::CREATED, &upload)
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
