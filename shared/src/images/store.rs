//! The images table: one item per image (`IMAGE#<id>`).

use aws_sdk_dynamodb::types::builders::PutBuilder;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::aws::Platform;
use crate::aws::dynamodb::table::Table;
use crate::aws::dynamodb::{Wanted, batch_get, item_of, key, parse};
use crate::aws::lambda::Invocation;
use crate::core::error::Error;
use crate::core::event::Record;
use crate::core::idempotency::Fingerprint;
use crate::images::{Image, ImageEvent, ImageId, ImagePurpose, ImageStatus};

/// Reads and writes the images table.
#[derive(Clone, Debug)]
pub struct ImageStore {
    table: Table,
}

/// The stored form of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImage {
    /// The image, as events carry it.
    #[serde(flatten)]
    pub image: Image,
    /// The request's fingerprint, which identifies a retry.
    pub fingerprint: Fingerprint,
    /// The number of writes, from 1. Each write is conditional on the version that was read.
    pub version: u64,
    /// The image's newest event, which the table's stream delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Record>,
}

impl StoredImage {
    /// The first version of a new image.
    pub const fn new(image: Image, fingerprint: Fingerprint) -> Self {
        Self {
            image,
            fingerprint,
            version: 1,
            event: None,
        }
    }

    /// The next version, with `image` and its event.
    #[must_use]
    pub fn next(&self, image: Image, event: Record) -> Self {
        Self {
            image,
            version: self.version + 1,
            event: Some(event),
            ..self.clone()
        }
    }

    /// The next version, deleted. `None` if it is deleted. Its event makes `purge-image` remove the files.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn deleted(&self, invocation: &Invocation) -> Result<Option<Self>, Error> {
        let deleted = self.image.deleted(invocation.now).map(|deleted| {
            let event = invocation.record(&ImageEvent::ImageDeleted(deleted.clone()))?;
            Ok(self.next(deleted, event))
        });
        deleted.transpose()
    }
}

impl ImageStore {
    /// Reads the table's name from `IMAGES_TABLE`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the variable is missing.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            table: Table::new(platform, "IMAGES_TABLE")?,
        })
    }

    /// Reads an image of any customer. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn get(&self, id: ImageId, deadline: Instant) -> Result<Option<StoredImage>, Error> {
        const DOING: &str = "read an image";
        self.table.read(DOING, key(image_key(id)), deadline).await
    }

    /// Reads those of these images that exist, in any order. Each id occurs once. Strongly consistent. Without ids it sends no
    /// request.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn existing(&self, ids: &[ImageId], deadline: Instant) -> Result<Vec<StoredImage>, Error> {
        const DOING: &str = "read images";
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let wanted = Wanted {
            table: &self.table.name,
            keys: ids.iter().map(|&id| key(image_key(id))).collect(),
            consistent: true,
        };
        let found = batch_get(&self.table.client, DOING, vec![wanted], deadline).await?;
        let found = found.into_values().flatten();
        found.map(|item| parse(DOING, item)).collect()
    }

    /// The first of these images that cannot be shown in a listing now: it is not ready, or has another purpose. Each id occurs once.
    /// Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn first_unusable(&self, ids: &[ImageId], deadline: Instant) -> Result<Option<ImageId>, Error> {
        let found = self.existing(ids, deadline).await?;
        let is_usable = |image: &Image| image.status == ImageStatus::Ready && image.purpose == ImagePurpose::Listing;
        let usable = found
            .iter()
            .map(|stored| &stored.image)
            .filter(|image| is_usable(image));
        let usable: Vec<ImageId> = usable.map(|image| image.image_id).collect();
        Ok(ids.iter().copied().find(|id| !usable.contains(id)))
    }

    /// Builds the write that deletes an image as read, with its event. `None` if it is deleted. Condition: it has not changed since.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn delete_write(&self, stored: &StoredImage, invocation: &Invocation) -> Result<Option<PutBuilder>, Error> {
        let Some(next) = stored.deleted(invocation)? else {
            return Ok(None);
        };
        let item = item_of("delete an image", image_key(next.image.image_id), &next)?;
        Ok(Some(self.table.put_if_version(item, next.version)))
    }

    /// Writes the next version of an image. Returns the stored image instead when that has changed since it was read, or,
    /// for a new image, when it exists.
    ///
    /// The write succeeds too when an earlier attempt, whose response was lost, has written this version.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and [`Error::Internal`].
    pub async fn save(&self, stored: &StoredImage, deadline: Instant) -> Result<Result<(), Box<StoredImage>>, Error> {
        const DOING: &str = "save an image";
        let item = item_of(DOING, image_key(stored.image.image_id), stored)?;
        let written = self.table.write_version(DOING, item, stored.version, deadline);
        let Err(existing) = written.await? else {
            return Ok(Ok(()));
        };
        let existing = existing.ok_or_else(|| Error::internal(DOING, "the image does not exist anymore"))?;
        let existing: StoredImage = parse(DOING, existing)?;
        Ok(if existing == *stored {
            Ok(())
        } else {
            Err(Box::new(existing))
        })
    }
}

fn image_key(id: ImageId) -> String {
    format!("IMAGE#{id}")
}
