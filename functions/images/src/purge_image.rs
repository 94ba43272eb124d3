//! The bus brings `ImageDeleted`; it leaves neither the picture's upload nor its variants.
//!
//! What is uploaded or made after that has an event of its own, which finds the picture deleted.

use crate::storage::ImageStorage;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::core::event::Envelope;
use shared::images::{Image, ImageStatus};

/// The function's buckets.
#[derive(Debug)]
pub struct PurgeImage {
    /// Pictures' objects.
    pub storage: ImageStorage,
}

impl PurgeImage {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            storage: ImageStorage::new(platform)?,
        })
    }
}

/// The event of a deleted picture, as the bus delivers it.
pub type ImageDeleted = EventBridgeEvent<Envelope<Image>>;

/// Removes what a deleted picture has left.
///
/// # Errors
/// [`Error::Unavailable`] when it has to be tried again, [`Error::Internal`].
pub async fn handle(function: &PurgeImage, event: ImageDeleted, invocation: Invocation) -> Result<(), Error> {
    let image = event.detail.data;
    if image.status != ImageStatus::Deleted {
        let told = format!("{} is not deleted", image.image_id);
        return Err(Error::internal("purge a picture", told));
    }
    function.storage.clear(&image, invocation.deadline).await?;
    tracing::info!(image_id = %image.image_id, "purged");
    Ok(())
}
