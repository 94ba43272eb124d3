//! Runs for `GET /images/{image_id}`, without a token: returns an image and its variants. Changes nothing.

use envconfig::Envconfig;
use jiff::Timestamp;
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::core::error::{self, Reason};
use shared::images::{
    Image, ImageId, ImagePurpose, ImageRefusal, ImageSource, ImageStatus, ImageStore, ImageType, Rejected,
};

/// The function's store and settings.
#[derive(Debug)]
pub struct GetImage {
    /// Images.
    pub images: ImageStore,
    /// The URL that serves variants, without a trailing slash.
    pub url: String,
}

/// A variant: an image in one size and format.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VariantView {
    /// The variant's permanent URL.
    pub url: String,
    /// The media type.
    pub content_type: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub bytes: u64,
}

/// The variants in one format, for a `source` element in a `picture` element.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SourceView {
    /// The media type, for the attribute `type`.
    pub content_type: String,
    /// The variants, for the attribute `srcset`.
    pub srcset: String,
}

/// An image and its variants.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImageView {
    /// The image's id.
    pub image_id: ImageId,
    /// The purpose of the image.
    pub purpose: ImagePurpose,
    /// The status of the image.
    pub status: ImageStatus,
    /// The uploaded image. Present once the image has been ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<ImageSource>,
    /// The variants, narrowest first. Empty unless the image is ready.
    pub variants: Vec<VariantView>,
    /// The JPEG variants, for the attribute `srcset` of an `img` element. Every browser shows them.
    pub srcset: String,
    /// The variants in other formats, smallest files first, for `source` elements in a `picture` element around that `img`.
    pub sources: Vec<SourceView>,
    /// A ThumbHash in base64, to show while a variant loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placeholder: Option<String>,
    /// The dominant color, `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color: Option<String>,
    /// The reason for which the image was rejected. Present for a rejected image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refusal: Option<ImageRefusal>,
    /// The time of the last status change.
    pub changed_at: Timestamp,
}

impl ImageView {
    /// Builds the view of `image`. `url` serves the variants.
    pub fn of(image: Image, url: &str) -> Self {
        let variants: Vec<VariantView> = image
            .variants
            .into_iter()
            .map(|variant| VariantView {
                url: format!("{url}/{}", variant.key),
                content_type: variant.content_type,
                width: variant.width,
                height: variant.height,
                bytes: variant.bytes,
            })
            .collect();
        let srcset = |kind: ImageType| {
            let of_kind = variants
                .iter()
                .filter(|variant| variant.content_type == kind.media_type());
            let candidates = of_kind.map(|variant| format!("{} {}w", variant.url, variant.width));
            candidates.collect::<Vec<_>>().join(", ")
        };
        let webp = SourceView {
            content_type: ImageType::WebP.media_type().to_owned(),
            srcset: srcset(ImageType::WebP),
        };
        Self {
            image_id: image.image_id,
            purpose: image.purpose,
            status: image.status,
            source: image.source,
            srcset: srcset(ImageType::Jpeg),
            sources: if webp.srcset.is_empty() { vec![] } else { vec![webp] },
            variants,
            placeholder: image.placeholder,
            color: image.color,
            refusal: image.refusal,
            changed_at: image.changed_at,
        }
    }
}

/// How long a response about an image with `status` may be reused. A page that has uploaded an image asks until it is
/// processed, and after a refusal it uploads again, so each answer before that is new. Later the image changes only if its
/// customer uploads again or deletes it: a minute keeps the record of a deleted image from being shown for long.
const fn cache_control(status: ImageStatus) -> &'static str {
    match status {
        ImageStatus::AwaitingUpload | ImageStatus::Rejected => "no-cache",
        ImageStatus::Ready | ImageStatus::Deleted => "public, max-age=60",
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns an image
///
/// Requires no token: anyone who has the id can read the image, as with its variants. The customer is not disclosed.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/images/{image_id}", operation_id = "get-image", tag = "images",
    params(
        ("image_id" = Uuid, Path, description = "The image"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The image and its variants", body = ImageView,
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
pub async fn handle(function: &GetImage, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let id = http::path::<ImageId>(&request)?;
    let stored = function.images.get(id, invocation.deadline).await?;
    let stored = stored.ok_or(Rejected::NotFound)?;
    let cache_control = cache_control(stored.image.status);
    conditional::get(&request, &ImageView::of(stored.image, &function.url), cache_control)
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "IMAGES_URL")]
    url: String,
}

impl GetImage {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let config: Config = platform.config()?;
        Ok(Self {
            images: ImageStore::new(platform)?,
            url: config.url.trim_end_matches('/').to_owned(),
        })
    }
}
