//! Runs for each S3 event `Object Created` of an upload: writes the variants to the bucket of images and records them, or
//! records why the upload cannot be used.
//!
//! Invariants: an unusable upload is a result, never an error; only transient failures are retried. The newest upload
//! wins, in any order of the events: each upload has its own variant keys, and the record of a newer upload is never
//! overwritten.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use envconfig::Envconfig;
use futures::future::try_join_all;
use photo::{Format, Options, Output, Picture, Thumbnail, Variant};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::s3::{self, CreatedObject};
use shared::aws::telemetry::{self, Unit};
use shared::images::{
    CACHE_CONTROL, Image, ImageEvent, ImageFault, ImageId, ImageRefusal, ImageSource, ImageStatus, ImageStore,
    ImageType, ImageVariant, MAX_BYTES, ProcessedUpload, UploadStatus,
};
use tokio::time::timeout_at;

use crate::storage::{self, ImageStorage};

/// The function's stores and settings.
#[derive(Debug)]
pub struct ResizeImage {
    /// Images.
    pub images: ImageStore,
    /// Files of images.
    pub storage: ImageStorage,
    /// Widths, quality, threads, limits.
    pub options: Options,
}

/// S3's event `Object Created` of an upload.
pub type ObjectCreated = EventBridgeEvent<s3::ObjectCreated>;

/// Processes an upload.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn handle(function: &ResizeImage, event: ObjectCreated, invocation: Invocation) -> Result<(), Error> {
    let object = event.detail.object;
    let Some(id) = ImageId::from_raw_key(&object.key) else {
        tracing::warn!(key = object.key, "object is not an upload");
        return Ok(());
    };
    let storage = &function.storage;
    let mut outcome = None;
    let mut attempts = Attempts::new("process an upload");
    loop {
        attempts.start()?;
        let Some(stored) = function.images.get(id, invocation.deadline).await? else {
            tracing::warn!(image_id = %id, "upload has no image record");
            return Ok(());
        };
        match stored.image.upload_status(&object.sequencer) {
            UploadStatus::New => {}
            UploadStatus::Processed => return function.clean_up(&stored.image, &invocation).await,
            UploadStatus::Superseded => {
                return storage
                    .delete_variants_of(id, &object.sequencer, invocation.deadline)
                    .await;
            }
            UploadStatus::ImageDeleted => {
                return storage.delete_stale_objects(&stored.image, invocation.deadline).await;
            }
        }
        if outcome.is_none() {
            outcome = function.process(&stored.image, &object, &invocation).await?;
        }
        let Some(result) = &outcome else {
            tracing::info!(image_id = %id, "upload is superseded by a newer one, which has its own event");
            return Ok(());
        };
        let processed = stored
            .image
            .processed(object.sequencer.clone(), result.clone(), invocation.now);
        let Some(processed) = processed else { continue };
        let event = match processed.status {
            ImageStatus::Ready => ImageEvent::ImageResized(processed.clone()),
            _ => ImageEvent::ImageRejected(processed.clone()),
        };
        let next = stored.next(processed, invocation.record(&event)?);
        if function.images.save(&next, invocation.deadline).await?.is_ok() {
            report(&next.image, &invocation);
            return function.clean_up(&next.image, &invocation).await;
        }
    }
}

/// The result of processing an upload: usable or not.
type Outcome = Result<ProcessedUpload, ImageRefusal>;

impl ResizeImage {
    /// Decodes the upload and writes its variants. None when it is no longer the newest.
    async fn process(
        &self,
        image: &Image,
        object: &CreatedObject,
        invocation: &Invocation,
    ) -> Result<Option<Outcome>, Error> {
        if object.size > MAX_BYTES {
            return Ok(Some(Err(too_large(object.size))));
        }
        let Some(bytes) = self.read(image.image_id, object, invocation).await? else {
            return Ok(None);
        };
        // Blocking this thread is fine: an invocation is alone in its process.
        let (picture, variants) = match make_variants(&bytes, image.content_type, &self.options) {
            Ok(made) => made,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let described: Vec<ImageVariant> = variants
            .iter()
            .map(|variant| {
                let kind = image_type(variant.format);
                ImageVariant {
                    key: image.variant_key(&object.sequencer, variant.width, kind.extension()),
                    content_type: kind.media_type().to_owned(),
                    width: variant.width,
                    height: variant.height,
                    bytes: variant.bytes.len() as u64,
                }
            })
            .collect();
        let puts = described
            .iter()
            .zip(variants)
            .map(|(described, variant)| put(&self.storage.s3, &self.storage.variants, described, variant));
        timeout_at(invocation.deadline, try_join_all(puts))
            .await
            .map_err(|error| Error::unavailable("write variants", error))??;
        Ok(Some(Ok(ProcessedUpload {
            source: ImageSource {
                width: picture.width,
                height: picture.height,
                bytes: object.size,
            },
            variants: described,
            placeholder: placeholder(&picture.thumbnail),
            color: color(&picture.thumbnail),
        })))
    }

    /// Reads the upload. None when it was replaced or deleted.
    async fn read(
        &self,
        id: ImageId,
        object: &CreatedObject,
        invocation: &Invocation,
    ) -> Result<Option<Vec<u8>>, Error> {
        const DOING: &str = "read an upload";
        let get = self.storage.s3.get_object().bucket(&self.storage.uploads);
        // Only the bytes of this event: a newer upload has its own event.
        let get = get.key(&object.key).if_match(format!("\"{}\"", object.etag));
        let read = async {
            let answer = match get.send().await {
                Ok(answer) => answer,
                Err(error) if error.code() == Some("PreconditionFailed") => return Ok(None),
                Err(error) => {
                    let error = s3::classify_error(DOING, error);
                    // Without permission to list the bucket, S3 answers "access denied" for a missing object. The object
                    // is missing when the image was deleted and purged.
                    let stored = self.images.get(id, invocation.deadline).await?;
                    let is_deleted = stored.is_some_and(|stored| stored.image.status == ImageStatus::Deleted);
                    return if is_deleted { Ok(None) } else { Err(error) };
                }
            };
            let body = answer.body.collect().await;
            let body = body.map_err(|error| Error::unavailable(DOING, error))?;
            Ok(Some(body.into_bytes().into()))
        };
        let read = timeout_at(invocation.deadline, read).await;
        read.map_err(|error| Error::unavailable(DOING, error))?
    }

    /// The work after the record is written: removes stale files and deletes the replaced image. Safe to repeat.
    async fn clean_up(&self, image: &Image, invocation: &Invocation) -> Result<(), Error> {
        self.storage.delete_stale_objects(image, invocation.deadline).await?;
        if let (ImageStatus::Ready, Some(replaced)) = (image.status, image.replaces) {
            let actor = invocation.actor()?;
            let by = |other: &Image| (other.customer_id == image.customer_id).then(|| actor.clone());
            storage::delete(&self.images, replaced, by, invocation).await?;
        }
        Ok(())
    }
}

/// Checks the type and makes the variants, narrowest first.
fn make_variants(
    bytes: &[u8],
    announced: ImageType,
    options: &Options,
) -> Result<(Picture, Vec<Variant>), ImageRefusal> {
    let found = Format::recognize(bytes).map_err(refusal)?;
    if image_type(found) != announced {
        return Err(ImageRefusal {
            reason: ImageFault::WrongType,
            detail: format!(
                "The file is {found:?}, but was announced as {}.",
                announced.media_type()
            ),
        });
    }
    let mut variants = vec![];
    let picture = photo::make_variants(bytes, options, &mut |variant| variants.push(variant)).map_err(refusal)?;
    variants.sort_by_key(|variant| variant.width);
    Ok((picture, variants))
}

const fn image_type(format: Format) -> ImageType {
    match format {
        Format::Jpeg => ImageType::Jpeg,
        Format::Png => ImageType::Png,
        Format::WebP => ImageType::WebP,
        Format::Gif => ImageType::Gif,
        Format::Bmp => ImageType::Bmp,
        Format::Tiff => ImageType::Tiff,
    }
}

fn refusal(refused: photo::Error) -> ImageRefusal {
    let reason = match refused {
        photo::Error::NotAnImage => ImageFault::NotAnImage,
        photo::Error::Truncated => ImageFault::Truncated,
        photo::Error::Corrupt(_) => ImageFault::Damaged,
        photo::Error::TooManyPixels { .. } => ImageFault::TooManyPixels,
        photo::Error::TooLarge(_) => ImageFault::TooLarge,
        photo::Error::UnsupportedFormat(_) | photo::Error::Unsupported(_) => ImageFault::Unsupported,
    };
    ImageRefusal {
        reason,
        detail: refused.to_string(),
    }
}

fn too_large(bytes: u64) -> ImageRefusal {
    ImageRefusal {
        reason: ImageFault::TooLarge,
        detail: format!("the file is too large: {bytes} bytes"),
    }
}

async fn put(s3: &Client, bucket: &str, described: &ImageVariant, variant: Variant) -> Result<(), Error> {
    let put = s3.put_object().bucket(bucket).key(&described.key);
    let put = put
        .content_type(&described.content_type)
        .cache_control(CACHE_CONTROL)
        .body(ByteStream::from(variant.bytes));
    let sent = put.send().await;
    sent.map(|_| ())
        .map_err(|error| s3::classify_error("write a variant", error))
}

/// A ThumbHash (evanw.github.io/thumbhash) in base64.
fn placeholder(thumbnail: &Thumbnail) -> String {
    let rgba: Vec<u8> = pixels(thumbnail).flat_map(|[r, g, b]| [r, g, b, 255]).collect();
    let hash = thumbhash::rgba_to_thumb_hash(thumbnail.width as usize, thumbnail.height as usize, &rgba);
    STANDARD.encode(hash)
}

/// The mean of the most frequent group of similar colors, `#rrggbb`.
fn color(thumbnail: &Thumbnail) -> String {
    let mut groups = vec![(0u32, [0u32; 3]); 512];
    for rgb in pixels(thumbnail) {
        let index = rgb.iter().fold(0, |index, &c| index << 3 | usize::from(c >> 5));
        let (count, sums) = &mut groups[index];
        *count += 1;
        for (sum, c) in sums.iter_mut().zip(rgb) {
            *sum += u32::from(c);
        }
    }
    let (count, sums) = groups.into_iter().max_by_key(|(count, _)| *count).unwrap_or_default();
    let [r, g, b] = sums.map(|sum| sum / count.max(1));
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn pixels(thumbnail: &Thumbnail) -> impl Iterator<Item = [u8; 3]> {
    thumbnail.rgb.as_chunks::<3>().0.iter().copied()
}

/// Emits the metrics and one log line.
fn report(image: &Image, invocation: &Invocation) {
    let served: u64 = image.variants.iter().map(|variant| variant.bytes).sum();
    let is_ready = f64::from(u8::from(image.status == ImageStatus::Ready));
    tracing::info!(image_id = %image.image_id, status = ?image.status, refusal = ?image.refusal, served, "upload processed");
    let counts = [
        ("Resized", Unit::Count, is_ready),
        ("Rejected", Unit::Count, 1.0 - is_ready),
    ];
    telemetry::emit("resize-image", invocation.now, &counts);
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "IMAGE_WIDTHS")]
    widths: String,
    #[envconfig(from = "IMAGE_FORMATS")]
    formats: String,
    #[envconfig(from = "JPEG_QUALITY")]
    jpeg_quality: u8,
    #[envconfig(from = "WEBP_QUALITY")]
    webp_quality: u8,
    #[envconfig(from = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", default = "1769")]
    megabytes: u32,
}

/// The memory, in MB, with which a function has one whole processor (Lambda developer guide, "Configure function memory").
const ONE_PROCESSOR: u32 = 1769;

/// The default of libwebp.
const WEBP_EFFORT: u8 = 4;

impl ResizeImage {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        const DOING: &str = "read the environment";
        let config: Config = platform.config()?;
        let invalid = |what: &'static str| Error::internal(DOING, what);
        let widths = config.widths.split(',').map(|width| width.trim().parse());
        let widths: Vec<u32> = widths.collect::<Result<_, _>>().unwrap_or_default();
        if widths.is_empty() || widths.contains(&0) {
            return Err(invalid("IMAGE_WIDTHS must be positive numbers separated by commas"));
        }
        let quality = |quality: u8| match quality {
            1..=100 => Ok(quality),
            _ => Err(invalid("JPEG_QUALITY and WEBP_QUALITY must be 1 to 100")),
        };
        let jpeg = Output::Jpeg {
            quality: quality(config.jpeg_quality)?,
        };
        let webp = Output::WebP {
            quality: quality(config.webp_quality)?,
            effort: WEBP_EFFORT,
        };
        let outputs = match config.formats.as_str() {
            "jpeg" => vec![jpeg],
            // Every browser shows JPEG, and images too tall for WebP have no other format.
            "jpeg,webp" => vec![jpeg, webp],
            _ => return Err(invalid("IMAGE_FORMATS must be jpeg or jpeg,webp")),
        };
        Ok(Self {
            images: ImageStore::new(platform)?,
            storage: ImageStorage::new(platform)?,
            options: Options {
                widths,
                outputs,
                // With less than 1.5 processors, a second thread would mostly wait for the first.
                threads: if config.megabytes < 2 * ONE_PROCESSOR * 3 / 4 {
                    1
                } else {
                    2
                },
                ..Options::default()
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(rgb: [u8; 3]) -> Thumbnail {
        Thumbnail {
            width: 8,
            height: 6,
            rgb: rgb.repeat(48),
        }
    }

    #[test]
    fn the_most_frequent_color_is_the_dominant_one() {
        let mut thumbnail = plain([200, 30, 60]);
        thumbnail.rgb[..15].fill(255);
        assert_eq!(color(&thumbnail), "#c81e3c");
        assert_eq!(color(&Thumbnail::default()), "#000000");
    }

    #[test]
    fn a_placeholder_is_a_few_bytes_with_the_mean_color() {
        let hash = STANDARD.decode(placeholder(&plain([200, 30, 60]))).unwrap();
        assert!((5..=25).contains(&hash.len()), "{hash:?}");
        let (r, g, b, _) = thumbhash::thumb_hash_to_average_rgba(&hash).unwrap();
        for (got, wanted) in [(r, 200.0), (g, 30.0), (b, 60.0)] {
            assert!((got * 255.0 - wanted).abs() < 8.0, "{r} {g} {b}");
        }
    }
}
