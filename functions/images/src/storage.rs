//! The files of images: uploads and variants in S3, kept consistent with the image records.
//!
//! Invariant: the record says which objects exist. Objects are written before the record names them, and removed after it
//! no longer does. If a run crashes in between, its objects are under the image's prefix: the retry removes them, or the
//! next run that processes or purges the image.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use shared::aws::dynamodb::attempts::Attempts;
use tokio::time::{Instant, timeout_at};

use shared::aws::lambda::Invocation;
use shared::aws::{Platform, s3};
use shared::core::actor::Actor;
use shared::core::error::Error;
use shared::core::sequencer::Sequencer;
use shared::images::{Image, ImageId, ImageStatus, ImageStore, UploadStatus};

const DOING: &str = "remove variants";

/// The buckets with the files of images.
#[derive(Clone, Debug)]
pub struct ImageStorage {
    /// The S3 client.
    pub s3: Client,
    /// The bucket of uploads.
    pub uploads: String,
    /// The bucket of variants.
    pub variants: String,
}

impl ImageStorage {
    /// Reads the buckets' names from `UPLOADS_BUCKET` and `IMAGES_BUCKET`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            s3: s3::client(platform.aws()),
            uploads: platform.variable("UPLOADS_BUCKET")?,
            variants: platform.variable("IMAGES_BUCKET")?,
        })
    }

    /// Removes the objects that `image` no longer names: stale variants, and the upload of a deleted image.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn delete_stale_objects(&self, image: &Image, deadline: Instant) -> Result<(), Error> {
        let id = image.image_id;
        let clear = async {
            if image.status == ImageStatus::Deleted {
                let sent = self.s3.delete_object().bucket(&self.uploads).key(id.raw_key()).send();
                sent.await
                    .map_err(|error| s3::classify_error("remove an upload", error))?;
            }
            self.remove(&format!("{id}/"), |key| is_stale(image, key)).await
        };
        with_deadline(clear, deadline).await
    }

    /// Removes the variants of a superseded upload, from all of its runs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
    pub async fn delete_variants_of(&self, id: ImageId, sequencer: &Sequencer, deadline: Instant) -> Result<(), Error> {
        with_deadline(self.remove(&format!("{id}/{sequencer}/"), |_| true), deadline).await
    }

    /// Removes the variants under a prefix for which `is_stale` is true.
    async fn remove(&self, prefix: &str, is_stale: impl Fn(&str) -> bool) -> Result<(), Error> {
        let list = || self.s3.list_objects_v2().bucket(&self.variants).prefix(prefix);
        let mut after = None;
        // A page has at most 1,000 keys, which one request can delete (S3 API reference).
        loop {
            let page = list().set_start_after(after).send().await;
            let page = page.map_err(|error| s3::classify_error(DOING, error))?;
            let keys = page.contents().iter().filter_map(Object::key);
            let keys: Vec<&str> = keys.filter(|key| is_stale(key)).collect();
            self.delete_all(&keys).await?;
            after = page.contents().last().and_then(Object::key).map(str::to_owned);
            if page.is_truncated() != Some(true) || after.is_none() {
                return Ok(());
            }
        }
    }

    async fn delete_all(&self, keys: &[&str]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let objects = keys.iter().map(|&key| ObjectIdentifier::builder().key(key).build());
        let objects: Vec<_> = objects
            .collect::<Result<_, _>>()
            .map_err(|error| Error::internal(DOING, error))?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.map_err(|error| Error::internal(DOING, error))?;
        let sent = self.s3.delete_objects().bucket(&self.variants).delete(delete).send();
        let answer = sent.await.map_err(|error| s3::classify_error(DOING, error))?;
        match answer.errors().first() {
            Some(error) => Err(Error::unavailable(DOING, format!("{error:?}"))),
            None => Ok(()),
        }
    }
}

/// Whether `image` will never name a variant. Variants of a newer upload may be being written, so they are not stale.
fn is_stale(image: &Image, key: &str) -> bool {
    let sequencer = key.split('/').nth(1).unwrap_or_default();
    let status = Sequencer::try_from(sequencer.to_owned()).map(|sequencer| image.upload_status(&sequencer));
    match status {
        Ok(UploadStatus::Superseded | UploadStatus::ImageDeleted) => true,
        Ok(UploadStatus::Processed) => image.variants.iter().all(|variant| variant.key != key),
        Ok(UploadStatus::New) | Err(_) => false,
    }
}

async fn with_deadline<T>(doing: impl Future<Output = Result<T, Error>>, deadline: Instant) -> Result<T, Error> {
    // Boxed, since the SDK's futures nest so deeply that the compiler reaches its recursion limit.
    let done = timeout_at(deadline, Box::pin(doing)).await;
    done.map_err(|error| Error::unavailable(DOING, error))?
}

/// Marks an image as deleted. `by` says who deletes it, if they may. The event `ImageDeleted` then makes `purge-image`
/// remove its files. Returns the deleted image; none when there is no image that may be deleted.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn delete(
    images: &ImageStore,
    id: ImageId,
    by: impl Fn(&Image) -> Option<Actor>,
    invocation: &Invocation,
) -> Result<Option<Image>, Error> {
    let mut attempts = Attempts::new("delete an image");
    loop {
        attempts.start()?;
        let stored = images.get(id, invocation.deadline).await?;
        let Some((stored, actor)) = stored.and_then(|stored| by(&stored.image).map(|actor| (stored, actor))) else {
            return Ok(None);
        };
        let Some(next) = stored.deleted(&invocation.by(actor))? else {
            return Ok(Some(stored.image));
        };
        if images.save(&next, invocation.deadline).await?.is_ok() {
            return Ok(Some(next.image));
        }
    }
}
