//! Runs for each `ImageDeleted`: removes the image's upload and variants.
//!
//! A later upload has its own event; `resize-image` then finds the image deleted and removes the files.

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
    /// Files of images.
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

/// `ImageDeleted`, as EventBridge delivers it.
pub type ImageDeleted = EventBridgeEvent<Envelope<Image>>;

/// Removes the files of a deleted image.
///
/// # Errors
/// [`Error::Unavailable`] when a retry may succeed, [`Error::Internal`].
pub async fn handle(function: &PurgeImage, event: ImageDeleted, invocation: Invocation) -> Result<(), Error> {
    let image = event.detail.data;
    if image.status != ImageStatus::Deleted {
        let cause = format!("{} is not deleted", image.image_id);
        return Err(Error::internal("purge an image", cause));
    }
    function
        .storage
        .delete_stale_objects(&image, invocation.deadline)
        .await?;
    tracing::info!(image_id = %image.image_id, "image purged");
    Ok(())
}
