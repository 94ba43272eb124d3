//! A picture that a customer uploads: what may be uploaded, the states that it goes through, and its variants.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sequencer::Sequencer;
use crate::core::error;
use crate::core::error::{Error, Rejection};
use crate::core::idempotency::IdempotencyKey;
use crate::core::identity::CustomerId;

/// The most bytes of an upload.
pub const MAX_BYTES: u64 = 30 << 20;

/// How long an upload may begin after it was signed.
pub const UPLOAD_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// How long a browser or a CDN keeps a variant: another picture has other names, so a name never changes its bytes.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Where uploads lie in their bucket.
const RAW: &str = "raw/";

crate::entity_id! {
    /// A picture's id, derived from its customer and their idempotency key.
    pub struct ImageId as "image_id", "There is no such picture."
}

impl ImageId {
    /// The id of what `customer` uploads under `key`.
    pub fn of(customer: &CustomerId, key: &IdempotencyKey) -> Self {
        Self(key.derive_id("image", customer))
    }

    /// Where its upload lies: the name is ours, never the client's.
    pub fn raw_key(self) -> String {
        format!("{RAW}{self}")
    }

    /// The picture whose upload lies at `key`.
    pub fn from_raw_key(key: &str) -> Option<Self> {
        let id = Uuid::parse_str(key.strip_prefix(RAW)?).ok().map(Self)?;
        (id.raw_key() == key).then_some(id)
    }
}

/// What may be uploaded.
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
    /// GIF, of which the first frame counts.
    #[serde(rename = "image/gif")]
    Gif,
    /// BMP.
    #[serde(rename = "image/bmp")]
    Bmp,
    /// TIFF, of which the first page counts.
    #[serde(rename = "image/tiff")]
    Tiff,
}

impl ImageType {
    /// All of them.
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

    /// What the name of such a file ends in.
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

    /// The type of that name.
    ///
    /// # Errors
    /// `image-type-not-taken` for any other.
    pub fn parse(name: &str) -> Result<Self, Rejection> {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.media_type() == name).ok_or_else(|| {
            let taken = Self::ALL.map(Self::media_type);
            let detail = format!("{name} is not taken; {} are.", taken.join(", "));
            Rejection::new(&error::IMAGE_TYPE_NOT_TAKEN, detail).with("taken", taken)
        })
    }
}

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImagePurpose {
    /// A listing shows it.
    Listing,
    /// A review shows it.
    Review,
    /// It shows a customer.
    Profile,
}

/// Where a picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImageStatus {
    /// Its upload is signed, and has not been looked at yet.
    AwaitingUpload,
    /// Its variants stand.
    Ready,
    /// What was uploaded cannot be used.
    Rejected,
    /// It is gone; an upload that still comes is thrown away.
    Deleted,
}

/// One size of a picture, in one format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageVariant {
    /// Its name in the bucket of variants, and behind the address of whatever serves that.
    #[schema(examples("5f0c…/0062E99A88DC407460/w640.jpg"))]
    pub key: String,
    /// Its media type.
    #[schema(examples("image/jpeg"))]
    pub content_type: String,
    /// Width in pixels: at most that of the source.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
}

/// What was uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageSource {
    /// Width in pixels, right side up.
    pub width: u32,
    /// Height in pixels, right side up.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
}

/// What was made of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What was uploaded.
    pub source: ImageSource,
    /// From the narrowest to the widest, of each width first the JPEG.
    pub variants: Vec<ImageVariant>,
    /// A ThumbHash, in base64.
    pub placeholder: String,
    /// `#rrggbb`.
    pub colour: String,
}

/// Why an upload cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImageFault {
    /// It is no picture of a known format.
    NotAnImage,
    /// It is a picture of another type than was said.
    WrongType,
    /// It ends before its picture does.
    Truncated,
    /// It contradicts itself.
    Damaged,
    /// It has too many pixels, or too long a side.
    TooManyPixels,
    /// It has too many bytes.
    TooLarge,
    /// It is a picture of a kind that is not served.
    Unsupported,
}

/// Why a picture was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageRefusal {
    /// For programs.
    pub reason: ImageFault,
    /// For people.
    pub detail: String,
}

/// A picture, as events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    /// Its id.
    pub image_id: ImageId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it is for.
    pub purpose: ImagePurpose,
    /// Where it stands.
    pub status: ImageStatus,
    /// What its customer said that it is.
    pub content_type: ImageType,
    /// Of how many bytes, likewise.
    pub content_length: u64,
    /// What was uploaded, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<ImageSource>,
    /// From the narrowest to the widest; none unless it is ready.
    pub variants: Vec<ImageVariant>,
    /// A ThumbHash in base64: what a page shows until a variant is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placeholder: Option<String>,
    /// Its dominant colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colour: Option<String>,
    /// Why it was rejected, when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refusal: Option<ImageRefusal>,
    /// The picture whose place it takes: that one goes once this one is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub replaces: Option<ImageId>,
    /// Which upload was looked at, in the order of the uploads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sequencer: Option<Sequencer>,
    /// When its upload was signed.
    pub created_at: Timestamp,
    /// When it became as it is.
    pub changed_at: Timestamp,
}

/// What an upload is to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Newer than what is known of.
    New,
    /// The one that was looked at already.
    Known,
    /// Older than that: overtaken.
    Old,
    /// The picture is deleted.
    Unwanted,
}

impl Image {
    /// What the upload is that S3 tells of by `sequencer`.
    pub fn arrival(&self, sequencer: &Sequencer) -> Arrival {
        match (&self.status, &self.sequencer) {
            (ImageStatus::Deleted, _) => Arrival::Unwanted,
            (_, None) => Arrival::New,
            (_, Some(known)) => match sequencer.cmp(known) {
                Ordering::Greater => Arrival::New,
                Ordering::Equal => Arrival::Known,
                Ordering::Less => Arrival::Old,
            },
        }
    }

    /// The picture after its upload was looked at; none when it is deleted, or a newer upload was looked at already.
    #[must_use]
    pub fn settled(&self, sequencer: Sequencer, outcome: Result<Made, ImageRefusal>, now: Timestamp) -> Option<Self> {
        if self.arrival(&sequencer) != Arrival::New {
            return None;
        }
        let bare = Self {
            source: None,
            variants: vec![],
            placeholder: None,
            colour: None,
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
                colour: Some(made.colour),
                ..bare
            },
            Err(refusal) => Self {
                status: ImageStatus::Rejected,
                refusal: Some(refusal),
                ..bare
            },
        })
    }

    /// The picture once it is gone; none when it is already.
    #[must_use]
    pub fn deleted(&self, now: Timestamp) -> Option<Self> {
        (self.status != ImageStatus::Deleted).then(|| Self {
            status: ImageStatus::Deleted,
            variants: vec![],
            placeholder: None,
            colour: None,
            changed_at: now,
            ..self.clone()
        })
    }

    /// The name of the variant that is `width` wide of the upload that `sequencer` tells of.
    ///
    /// Each upload has names of its own, so what an overtaken run still writes is never taken for the newest picture.
    pub fn variant_key(&self, sequencer: &Sequencer, width: u32, extension: &str) -> String {
        format!("{}/{sequencer}/w{width}.{extension}", self.image_id)
    }
}

/// Why a picture cannot be had, or not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is none of that id, for this caller at least.
    NotFound,
    /// An upload has 1 byte to [`MAX_BYTES`].
    Length(u64),
    /// The checksum is no SHA-256 in base64.
    Checksum,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::NotFound => Self::new(&error::NOT_FOUND, "There is no such picture."),
            Rejected::Length(length) => {
                let detail = format!("A picture has 1 to {MAX_BYTES} bytes, not {length}.");
                Self::new(&error::IMAGE_LENGTH_NOT_TAKEN, detail).with("longest", MAX_BYTES)
            }
            Rejected::Checksum => Self::new(
                &error::INVALID_PARAMETER,
                "checksum_sha256: it is the SHA-256 of the file in base64, 44 characters.",
            )
            .with("parameter", "checksum_sha256"),
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
            colour: None,
            refusal: None,
            replaces: None,
            sequencer: None,
            created_at: now,
            changed_at: now,
        }
    }

    fn nth(text: &str) -> Sequencer {
        Sequencer::try_from(text.to_owned()).unwrap()
    }

    fn made() -> Made {
        Made {
            source: ImageSource {
                width: 4,
                height: 3,
                bytes: 100,
            },
            variants: vec![],
            placeholder: String::new(),
            colour: "#000000".into(),
        }
    }

    fn refusal() -> ImageRefusal {
        ImageRefusal {
            reason: ImageFault::Truncated,
            detail: String::new(),
        }
    }

    #[test]
    fn an_upload_is_looked_at_once_and_an_older_one_never() {
        let ready = image().settled(nth("20"), Ok(made()), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(ready.arrival(&nth("10")), Arrival::Old);
        assert_eq!(ready.arrival(&nth("20")), Arrival::Known);
        assert_eq!(ready.arrival(&nth("30")), Arrival::New);
        assert_eq!(ready.settled(nth("20"), Err(refusal()), Timestamp::UNIX_EPOCH), None);
        let rejected = ready.settled(nth("30"), Err(refusal()), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((rejected.status, rejected.source), (ImageStatus::Rejected, None));
    }

    #[test]
    fn a_deleted_picture_stays_deleted() {
        let gone = image().deleted(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(gone.arrival(&nth("30")), Arrival::Unwanted);
        assert_eq!(gone.settled(nth("30"), Ok(made()), Timestamp::UNIX_EPOCH), None);
        assert_eq!(gone.deleted(Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn only_names_of_ours_belong_to_a_picture() {
        let id = ImageId(Uuid::from_u128(7));
        assert_eq!(ImageId::from_raw_key(&id.raw_key()), Some(id));
        for strange in [
            "",
            "raw/",
            "raw/x",
            "cooked/00000000-0000-0000-0000-000000000007",
            "raw/7",
        ] {
            assert_eq!(ImageId::from_raw_key(strange), None, "{strange}");
        }
        let compact = format!("raw/{}", id.0.simple());
        assert_eq!(ImageId::from_raw_key(&compact), None, "one picture has one name");
    }

    proptest! {
        #[test]
        fn in_whatever_order_uploads_are_told_the_newest_stays(order in Just(["01", "02", "0203", "03"]).prop_shuffle()) {
            let mut image = image();
            for told in order {
                if let Some(next) = image.settled(nth(told), Ok(made()), Timestamp::UNIX_EPOCH) {
                    image = next;
                }
            }
            prop_assert_eq!(image.sequencer, Some(nth("03")));
        }
    }
}
