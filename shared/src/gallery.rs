//! Pictures and their objects together: what is recorded of a picture, and the files that go with it.
//!
//! Invariant: the record says which objects stand. Objects are written before the record tells of them, and removed after
//! it tells of them no more; what a crash leaves is named in the record, and the next one who comes by removes it.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use envconfig::Envconfig;

use crate::edge::invocation::Invocation;
use crate::edge::{config, s3};
use crate::error::Error;
use crate::event::{Event, Record};
use crate::image::{Image, ImageId};
use crate::store::{self, Images, StoredImage};

/// How often a picture that changes under our hands is read again.
const ATTEMPTS: usize = 8;

/// Pictures and their objects.
#[derive(Clone, Debug)]
pub struct Gallery {
    /// What is recorded.
    pub images: Images,
    /// The objects.
    pub s3: Client,
    /// The bucket that customers upload to.
    pub uploads: String,
    /// The bucket of variants.
    pub variants: String,
}

#[derive(Envconfig)]
struct Config {
    #[envconfig(from = "IMAGES_TABLE")]
    images_table: String,
    #[envconfig(from = "UPLOADS_BUCKET")]
    uploads: String,
    #[envconfig(from = "IMAGES_BUCKET")]
    variants: String,
}

impl Gallery {
    /// The gallery as the environment configures it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing.
    pub fn from_env(aws: &SdkConfig) -> Result<Self, Error> {
        let config: Config = config::from_env()?;
        Ok(Self {
            images: Images::new(store::client(aws), config.images_table),
            s3: s3::client(aws),
            uploads: config.uploads,
            variants: config.variants,
        })
    }

    /// Deletes a picture that `may` accepts: the record first, so that nobody is shown what is about to go, then the upload
    /// and the variants. Answers it, and whether it was deleted before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`]; none is there when it is not accepted.
    pub async fn delete(
        &self,
        id: ImageId,
        may: impl Fn(&Image) -> bool,
        invocation: &Invocation,
    ) -> Result<Option<(Image, bool)>, Error> {
        for _ in 0..ATTEMPTS {
            let stored = self.images.get(id, invocation.deadline).await?;
            let Some(stored) = stored.filter(|stored| may(&stored.image)) else {
                return Ok(None);
            };
            let (gone, again) = match stored.image.deleted(invocation.now) {
                None => (stored, true),
                Some(gone) => {
                    let event = record(Event::ImageDeleted(gone.clone()), invocation)?;
                    let next = stored.next(gone, event);
                    if self.images.save(&next, invocation.deadline).await?.is_err() {
                        continue;
                    }
                    (next, false)
                }
            };
            self.remove_upload(id).await?;
            self.tidy(&gone, invocation).await?;
            return Ok(Some((gone.image, again)));
        }
        Err(Error::unavailable("delete a picture", "it keeps changing"))
    }

    /// Removes what a picture has left over, and forgets it once it is gone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
    pub async fn tidy(&self, stored: &StoredImage, invocation: &Invocation) -> Result<(), Error> {
        if stored.leftovers.is_empty() {
            return Ok(());
        }
        self.remove_variants(&stored.leftovers).await?;
        // When somebody has changed it meanwhile, its leftovers stand there still: removing them again does no harm.
        let _ = self.images.save(&stored.tidied(), invocation.deadline).await?;
        Ok(())
    }

    /// Removes variants; those that are not there are gone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn remove_variants(&self, keys: &[String]) -> Result<(), Error> {
        const DOING: &str = "remove variants";
        // One request takes a thousand (S3 API reference); a picture has a few.
        for keys in keys.chunks(1000) {
            let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
            let objects: Vec<_> = objects
                .collect::<Result<_, _>>()
                .map_err(|error| Error::internal(DOING, error))?;
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
            let delete = delete.map_err(|error| Error::internal(DOING, error))?;
            let sent = self.s3.delete_objects().bucket(&self.variants).delete(delete).send();
            let answer = sent.await.map_err(|error| s3::failed(DOING, error))?;
            if let Some(error) = answer.errors().first() {
                return Err(Error::unavailable(DOING, format!("{error:?}")));
            }
        }
        Ok(())
    }

    /// Removes an upload; one that is not there is gone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn remove_upload(&self, id: ImageId) -> Result<(), Error> {
        let sent = self.s3.delete_object().bucket(&self.uploads).key(id.raw_key()).send();
        sent.await.map_err(|error| s3::failed("remove an upload", error))?;
        Ok(())
    }
}

/// The event as a picture carries it.
///
/// # Errors
/// [`Error::Internal`] when it cannot be written as JSON.
pub fn record(event: Event, invocation: &Invocation) -> Result<Record, Error> {
    event
        .record(invocation.stamp())
        .map_err(|error| Error::internal("write the event", error))
}
