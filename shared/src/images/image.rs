//! Images that customers upload: accepted types, states, and variants.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::error::{self, Error, Rejection};
use crate::core::idempotency::IdempotencyKey;
use crate::core::identity::CustomerId;
use crate::core::sequencer::Sequencer;
use crate::images::reason;

/// The largest upload, in bytes.
pub const MAX_BYTES: u64 = 30 << 20;

/// The time for which a signed upload is valid.
pub const UPLOAD_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// The `Cache-Control` header of variants. They can be cached forever: each upload has its own keys, so the bytes of a
/// key never change.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The key prefix of uploads in their bucket.
const RAW: &str = "raw/";

crate::entity_id! {
    /// An image's id, derived from the customer and the idempotency key.
    pub struct ImageId as "image_id", "There is no such image."
}

impl ImageId {
    /// Derives the id of the image that `customer` uploads with the idempotency key `key`.
    pub fn of(customer: &CustomerId, key: &IdempotencyKey) -> Self {
        Self(key.derive_id("image", customer))
    }

    /// The key of the upload. Clients cannot choose it.
    pub fn raw_key(self) -> String {
        format!("{RAW}{self}")
    }

    /// The image whose upload has this key.
    pub fn from_raw_key(key: &str) -> Option<Self> {
        let id = Uuid::parse_str(key.strip_prefix(RAW)?).ok().map(Self)?;
        (id.raw_key() == key).then_some(id)
    }
}

/// The media type of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ImageType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    WebP,
    /// GIF. Only the first frame is used.
    #[serde(rename = "image/gif")]
    Gif,
    /// BMP.
    #[serde(rename = "image/bmp")]
    Bmp,
    /// TIFF. Only the first page is used.
    #[serde(rename = "image/tiff")]
    Tiff,
}

impl ImageType {
    /// All types.
    pub const ALL: [Self; 6] = [Self::Jpeg, Self::Png, Self::WebP, Self::Gif, Self::Bmp, Self::Tiff];

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
        }
    }

    /// The file name extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
        }
    }

    /// Parses a media type.
    ///
    /// # Errors
    /// `image-type-not-taken` for an unsupported type.
    pub fn parse(name: &str) -> Result<Self, Rejection> {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.media_type() == name).ok_or_else(|| {
            let taken = Self::ALL.map(Self::media_type).map(str::to_owned).to_vec();
            let detail = format!("{name} is not supported. Supported types: {}.", taken.join(", "));
            Rejection::with(reason::ImageTypeNotTaken { taken }, detail)
        })
    }
}

/// The purpose of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImagePurpose {
    /// The image is for a product.
    Listing,
    /// The image is for a review.
    Review,
    /// The image is a customer's profile image.
    Profile,
}

/// The status of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImageStatus {
    /// The upload is signed and not processed yet.
    AwaitingUpload,
    /// The variants are available.
    Ready,
    /// The upload cannot be used.
    Rejected,
    /// The image was deleted. A later upload is discarded.
    Deleted,
}

/// A variant: an image in one size and format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageVariant {
    /// The object's key in the bucket of variants, and its path under the URL that serves them.
    #[schema(examples("5f0c…/0062E99A88DC407460/w640.jpg"))]
    pub key: String,
    /// The media type.
    #[schema(examples("image/jpeg"))]
    pub content_type: String,
    /// Width in pixels, at most that of the source.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub bytes: u64,
}

/// The uploaded image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageSource {
    /// Width in pixels, after applying the orientation.
    pub width: u32,
    /// Height in pixels, after applying the orientation.
    pub height: u32,
    /// Size in bytes.
    pub bytes: u64,
}

/// The result of processing an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessedUpload {
    /// The uploaded image.
    pub source: ImageSource,
    /// The variants, narrowest first; at the same width, JPEG first.
    pub variants: Vec<ImageVariant>,
    /// A ThumbHash in base64.
    pub placeholder: String,
    /// The dominant color, `#rrggbb`.
    pub color: String,
}

/// The reason why an upload cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImageFault {
    /// The file is not an image of a known format.
    NotAnImage,
    /// The file has another type than announced.
    WrongType,
    /// The file ends too early.
    Truncated,
    /// The file is corrupt.
    Damaged,
    /// The image has too many pixels, or its width or height is too large.
    TooManyPixels,
    /// The file has too many bytes.
    TooLarge,
    /// The image uses a format or feature that is not supported.
    Unsupported,
}

/// The reason for which an image was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageRefusal {
    /// The reason, for programs.
    pub reason: ImageFault,
    /// An explanation, for people.
    pub detail: String,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    /// The image's id.
    pub image_id: ImageId,
    /// The customer who uploaded the image.
    pub customer_id: CustomerId,
    /// The purpose of the image.
    pub purpose: ImagePurpose,
    /// The status of the image.
    pub status: ImageStatus,
    /// The announced media type.
    pub content_type: ImageType,
    /// The announced size in bytes.
    pub content_length: u64,
    /// The uploaded image. Present once the image has been ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<ImageSource>,
    /// The variants, narrowest first. Empty unless the image is ready.
    pub variants: Vec<ImageVariant>,
    /// A ThumbHash in base64, to show while a variant loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placeholder: Option<String>,
    /// The dominant color, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color: Option<String>,
    /// The reason for which the image was rejected. Present for a rejected image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refusal: Option<ImageRefusal>,
    /// The image that this one replaces. It is deleted when this one is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub replaces: Option<ImageId>,
    /// The sequencer of the processed upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sequencer: Option<Sequencer>,
    /// The time at which the upload was first signed.
    pub created_at: Timestamp,
    /// The time of the last status change.
    pub changed_at: Timestamp,
}

/// The relation of an upload to its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadStatus {
    /// Newer than the processed upload.
    New,
    /// The upload that was processed.
    Processed,
    /// Older than the processed upload.
    Superseded,
    /// The image is deleted.
    ImageDeleted,
}

impl Image {
    /// The status of the upload with this `sequencer`.
    pub fn upload_status(&self, sequencer: &Sequencer) -> UploadStatus {
        match (&self.status, &self.sequencer) {
            (ImageStatus::Deleted, _) => UploadStatus::ImageDeleted,
            (_, None) => UploadStatus::New,
            (_, Some(known)) => match sequencer.cmp(known) {
                Ordering::Greater => UploadStatus::New,
                Ordering::Equal => UploadStatus::Processed,
                Ordering::Less => UploadStatus::Superseded,
            },
        }
    }

    /// The image after its upload was processed. None when the image is deleted, or this or a newer upload was processed.
    #[must_use]
    pub fn processed(
        &self,
        sequencer: Sequencer,
        outcome: Result<ProcessedUpload, ImageRefusal>,
        now: Timestamp,
    ) -> Option<Self> {
        if self.upload_status(&sequencer) != UploadStatus::New {
            return None;
        }
        let cleared = Self {
            source: None,
            variants: vec![],
            placeholder: None,
            color: None,
            refusal: None,
            sequencer: Some(sequencer),
            changed_at: now,
            ..self.clone()
        };
        Some(match outcome {
            Ok(made) => Self {
                status: ImageStatus::Ready,
                source: Some(made.source),
                variants: made.variants,
                placeholder: Some(made.placeholder),
                color: Some(made.color),
                ..cleared
            },
            Err(refusal) => Self {
                status: ImageStatus::Rejected,
                refusal: Some(refusal),
                ..cleared
            },
        })
    }

    /// The image after its deletion. None when it is already deleted.
    #[must_use]
    pub fn deleted(&self, now: Timestamp) -> Option<Self> {
        (self.status != ImageStatus::Deleted).then(|| Self {
            status: ImageStatus::Deleted,
            variants: vec![],
            placeholder: None,
            color: None,
            changed_at: now,
            ..self.clone()
        })
    }

    /// The key of the variant of `width` pixels of the upload with this `sequencer`.
    ///
    /// Each upload has its own keys, so a late run for a superseded upload never overwrites the newest variants.
    pub fn variant_key(&self, sequencer: &Sequencer, width: u32, extension: &str) -> String {
        format!("{}/{sequencer}/w{width}.{extension}", self.image_id)
    }
}

/// The reason why a request for an image is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The image does not exist, or belongs to another customer.
    NotFound,
    /// The upload is empty or larger than [`MAX_BYTES`].
    Length(u64),
    /// The checksum is not a SHA-256 in base64.
    Checksum,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such image."),
            Rejected::Length(length) => {
                let detail = format!("An image has 1 to {MAX_BYTES} bytes, not {length}.");
                Self::with(reason::ImageLengthNotTaken { longest: MAX_BYTES }, detail)
            }
            Rejected::Checksum => Self::invalid_parameter(
                "checksum_sha256",
                "must be the SHA-256 of the file in base64, 44 characters",
            ),
        }
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        Rejection::from(rejected).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn image() -> Image {
        let now = Timestamp::UNIX_EPOCH;
        Image {
            image_id: ImageId(Uuid::from_u128(7)),
            customer_id: CustomerId::new("ann"),
            purpose: ImagePurpose::Listing,
            status: ImageStatus::AwaitingUpload,
            content_type: ImageType::Jpeg,
            content_length: 100,
            source: None,
            variants: vec![],
            placeholder: None,
            color: None,
            refusal: None,
            replaces: None,
            sequencer: None,
            created_at: now,
            changed_at: now,
        }
    }

    fn sequencer(text: &str) -> Sequencer {
        Sequencer::try_from(text.to_owned()).unwrap()
    }

    fn processed() -> ProcessedUpload {
        ProcessedUpload {
            source: ImageSource {
                width: 4,
                height: 3,
                bytes: 100,
            },
            variants: vec![],
            placeholder: String::new(),
            color: "#000000".into(),
        }
    }

    fn refusal() -> ImageRefusal {
        ImageRefusal {
            reason: ImageFault::Truncated,
            detail: String::new(),
        }
    }

    #[test]
    fn an_upload_is_processed_once_and_an_older_one_never() {
        let ready = image()
            .processed(sequencer("20"), Ok(processed()), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(ready.upload_status(&sequencer("10")), UploadStatus::Superseded);
        assert_eq!(ready.upload_status(&sequencer("20")), UploadStatus::Processed);
        assert_eq!(ready.upload_status(&sequencer("30")), UploadStatus::New);
        assert_eq!(
            ready.processed(sequencer("20"), Err(refusal()), Timestamp::UNIX_EPOCH),
            None
        );
        let rejected = ready
            .processed(sequencer("30"), Err(refusal()), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!((rejected.status, rejected.source), (ImageStatus::Rejected, None));
    }

    #[test]
    fn a_deleted_image_stays_deleted() {
        let gone = image().deleted(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(gone.upload_status(&sequencer("30")), UploadStatus::ImageDeleted);
        assert_eq!(
            gone.processed(sequencer("30"), Ok(processed()), Timestamp::UNIX_EPOCH),
            None
        );
        assert_eq!(gone.deleted(Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn only_canonical_upload_keys_belong_to_an_image() {
        let id = ImageId(Uuid::from_u128(7));
        assert_eq!(ImageId::from_raw_key(&id.raw_key()), Some(id));
        for invalid in [
            "",
            "raw/",
            "raw/x",
            "cooked/00000000-0000-0000-0000-000000000007",
            "raw/7",
        ] {
            assert_eq!(ImageId::from_raw_key(invalid), None, "{invalid}");
        }
        let compact = format!("raw/{}", id.0.simple());
        assert_eq!(ImageId::from_raw_key(&compact), None, "an image has one key");
    }

    proptest! {
        #[test]
        fn the_newest_upload_wins_in_any_order_of_delivery(order in Just(["01", "02", "0203", "03"]).prop_shuffle()) {
            let mut image = image();
            for delivered in order {
                if let Some(next) = image.processed(sequencer(delivered), Ok(processed()), Timestamp::UNIX_EPOCH) {
                    image = next;
                }
            }
            prop_assert_eq!(image.sequencer, Some(sequencer("03")));
        }
    }
}
