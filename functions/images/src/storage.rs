//! Pictures and their objects together: what is recorded of a picture, and the files that go with it.
//!
//! Invariant: the record says which objects stand. Objects are written before the record tells of them, and removed after
//! it tells of them no more. What a run leaves that died in between lies under the picture's own prefix, and is removed by
//! its retry, or by whoever settles or deletes the picture after it.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use shared::images::ImageEvent;
use tokio::time::{Instant, timeout_at};

use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::s3;
use shared::core::error::Error;
use shared::images::ImageStore;
use shared::images::{Arrival, Image, ImageId, ImageStatus, Sequencer};

const DOING: &str = "remove variants";
/// How often a picture that changes under our hands is read again.
const ATTEMPTS: usize = 8;

/// Where the files of pictures lie.
#[derive(Clone, Debug)]
pub struct ImageStorage {
    /// The objects.
    pub s3: Client,
    /// The bucket that customers upload to.
    pub uploads: String,
    /// The bucket of variants.
    pub variants: String,
}

impl ImageStorage {
    /// The gallery on `platform`.
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

    /// Removes what `image`, which was read or settled, tells of no more: variants that are none of its own, and of a
    /// deleted picture its upload too.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
    pub async fn clear(&self, image: &Image, deadline: Instant) -> Result<(), Error> {
        let id = image.image_id;
        let clear = async {
            if image.status == ImageStatus::Deleted {
                let sent = self.s3.delete_object().bucket(&self.uploads).key(id.raw_key()).send();
                sent.await
                    .map_err(|error| s3::classify_error("remove an upload", error))?;
            }
            self.remove(&format!("{id}/"), |key| is_left_over(image, key)).await
        };
        in_time(clear, deadline).await
    }

    /// Removes the variants of an upload that was overtaken, whichever of its runs wrote them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
    pub async fn withdraw(&self, id: ImageId, sequencer: &Sequencer, deadline: Instant) -> Result<(), Error> {
        in_time(self.remove(&format!("{id}/{sequencer}/"), |_| true), deadline).await
    }

    /// Removes the variants under a prefix that are `unwanted`.
    async fn remove(&self, prefix: &str, unwanted: impl Fn(&str) -> bool) -> Result<(), Error> {
        let list = || self.s3.list_objects_v2().bucket(&self.variants).prefix(prefix);
        let mut after = None;
        // A page has as many as one request deletes: a thousand (S3 API reference).
        loop {
            let page = list().set_start_after(after).send().await;
            let page = page.map_err(|error| s3::classify_error(DOING, error))?;
            let keys = page.contents().iter().filter_map(Object::key);
            let keys: Vec<&str> = keys.filter(|key| unwanted(key)).collect();
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

/// Whether `image` will never tell of a variant. Those of a newer upload are just being written.
fn is_left_over(image: &Image, key: &str) -> bool {
    let sequencer = key.split('/').nth(1).unwrap_or_default();
    let arrival = Sequencer::try_from(sequencer.to_owned()).map(|sequencer| image.arrival(&sequencer));
    match arrival {
        Ok(Arrival::Old | Arrival::Unwanted) => true,
        Ok(Arrival::Known) => image.variants.iter().all(|variant| variant.key != key),
        Ok(Arrival::New) | Err(_) => false,
    }
}

async fn in_time<T>(doing: impl Future<Output = Result<T, Error>>, deadline: Instant) -> Result<T, Error> {
    // Boxed: the SDK's futures are so deep that the compiler does not follow many more around them.
    let done = timeout_at(deadline, Box::pin(doing)).await;
    done.map_err(|error| Error::unavailable(DOING, error))?
}

/// Records a picture that `may` accepts as deleted, so that nobody is shown what is about to go; `ImageDeleted`, which the
/// record carries, has its objects removed. Answers it, and whether it was deleted before.
///
/// # Errors
/// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`]; none is there when it is not accepted.
pub async fn delete(
    images: &ImageStore,
    id: ImageId,
    may: impl Fn(&Image) -> bool,
    invocation: &Invocation,
) -> Result<Option<(Image, bool)>, Error> {
    for _ in 0..ATTEMPTS {
        let stored = images.get(id, invocation.deadline).await?;
        let Some(stored) = stored.filter(|stored| may(&stored.image)) else {
            return Ok(None);
        };
        let Some(gone) = stored.image.deleted(invocation.now) else {
            return Ok(Some((stored.image, true)));
        };
        let event = invocation.record(&ImageEvent::ImageDeleted(gone.clone()))?;
        let next = stored.next(gone, event);
        if images.save(&next, invocation.deadline).await?.is_ok() {
            return Ok(Some((next.image, false)));
        }
    }
    Err(Error::unavailable("delete a picture", "it keeps changing"))
}
