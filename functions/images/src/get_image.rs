//! `GET /images/{image_id}` brings a picture's id; it leaves nothing behind.

use envconfig::Envconfig;
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::problem::{Faults, Problem};
use shared::images::ImageStore;
use shared::images::{Image, ImageId, ImagePurpose, ImageRefusal, ImageSource, ImageStatus, ImageType, Rejected};

/// The function's table.
#[derive(Debug)]
pub struct GetImage {
    /// Pictures.
    pub images: ImageStore,
    /// Where variants are served, without a slash at the end.
    pub url: String,
}

/// One size of a picture in one format, as a page shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VariantView {
    /// Its address, good for ever.
    pub url: String,
    /// Its media type.
    pub content_type: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
}

/// A picture in one format, as a `source` of the element `picture` takes it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SourceView {
    /// Its media type: `type`.
    pub content_type: String,
    /// Its sizes: `srcset`.
    pub srcset: String,
}

/// A picture, as a page shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImageView {
    /// Its id.
    pub image_id: ImageId,
    /// What it is for.
    pub purpose: ImagePurpose,
    /// Where it stands.
    pub status: ImageStatus,
    /// What was uploaded, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<ImageSource>,
    /// From the narrowest to the widest; none unless it is ready.
    pub variants: Vec<VariantView>,
    /// The JPEGs as the attribute `srcset` of an `img` takes them, which every browser shows.
    pub srcset: String,
    /// What else there is, the smallest files first: each the `source` of a `picture` around that `img`.
    pub sources: Vec<SourceView>,
    /// A ThumbHash in base64: what a page shows until a variant is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placeholder: Option<String>,
    /// Its dominant colour, `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colour: Option<String>,
    /// Why it was rejected, when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refusal: Option<ImageRefusal>,
    /// When it became as it is.
    pub changed_at: Timestamp,
}

impl ImageView {
    /// `image`, whose variants are served at `url`.
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
            colour: image.colour,
            refusal: image.refusal,
            changed_at: image.changed_at,
        }
    }
}

/// Shows a picture
///
/// To anybody who knows its id, as its variants are; whose it is is not told.
///
/// # Errors
/// `not-found`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/images/{image_id}", operation_id = "get-image", tag = "images",
    params(("image_id" = Uuid, Path, description = "The picture")),
    responses(
        (status = 200, description = "The picture", body = ImageView),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        Faults,
    )
)]
pub async fn handle(function: &GetImage, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let id = http::path::<ImageId>(&request)?;
    let stored = function.images.get(id, invocation.deadline).await?;
    let stored = stored.ok_or(Rejected::NotFound)?;
    http::json(StatusCode::OK, &ImageView::of(stored.image, &function.url))
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
