//! Examples: an image.

use anyhow::{Context, Result};
use jiff::SignedDuration;
use shared::core::event::Record;
use shared::core::sequencer::Sequencer;
use shared::images::{
    Image, ImageEvent, ImageFault, ImageId, ImagePurpose, ImageRefusal, ImageSource, ImageStatus, ImageType,
    ImageVariant, ProcessedUpload,
};
use uuid::Uuid;

/// One record of each image event.
pub(super) fn events() -> Result<Vec<Record>> {
    let ready = image()?;
    let deleted = ready.deleted(ready.changed_at + SignedDuration::from_hours(30));
    let refusal = ImageRefusal {
        reason: ImageFault::Truncated,
        detail: "the file is incomplete: upload it again".to_owned(),
    };
    let rejected = new_image()?.processed(sequencer()?, Err(refusal), ready.changed_at);
    let events = [
        ImageEvent::ImageResized(ready),
        ImageEvent::ImageRejected(rejected.context("the example image is not rejected")?),
        ImageEvent::ImageDeleted(deleted.context("the example image is not deleted")?),
    ];
    super::records(&events, |event| match event {
        ImageEvent::ImageResized(image) | ImageEvent::ImageRejected(image) | ImageEvent::ImageDeleted(image) => {
            image.changed_at
        }
    })
}

/// An image that is ready.
///
/// # Errors
/// When the example breaks a rule of its type.
pub fn image() -> Result<Image> {
    let announced = new_image()?;
    let sequencer = sequencer()?;
    let sizes = [(140, 105, 4_812), (320, 240, 15_320), (640, 480, 46_201)];
    let variants = sizes.map(|(width, height, bytes)| ImageVariant {
        key: announced.variant_key(&sequencer, width, "jpg"),
        content_type: "image/jpeg".to_owned(),
        width,
        height,
        bytes,
    });
    let made = ProcessedUpload {
        source: ImageSource {
            width: 4000,
            height: 3000,
            bytes: announced.content_length,
        },
        variants: variants.into(),
        placeholder: "1QcSHQRnh493V4dIh4eXh1h4kJUI".to_owned(),
        color: "#c0a878".to_owned(),
    };
    let at = announced.created_at + SignedDuration::from_secs(9);
    let ready = announced.processed(sequencer, Ok(made), at);
    ready.context("the example image is not ready")
}

fn new_image() -> Result<Image> {
    Ok(Image {
        image_id: ImageId(Uuid::from_u128(0x5f0c_9a2e_6d41_8b3f_a7e8_1c2d_3e4f_5a6b)),
        customer_id: super::customer(),
        purpose: ImagePurpose::Listing,
        status: ImageStatus::AwaitingUpload,
        content_type: ImageType::Jpeg,
        content_length: 3_512_004,
        source: None,
        variants: vec![],
        placeholder: None,
        color: None,
        refusal: None,
        replaces: Some(ImageId(Uuid::from_u128(0x2b7d_1e90_44c3_8f6a_9d05_6b8e_7f1a_c3d2))),
        sequencer: None,
        created_at: super::now()?,
        changed_at: super::now()?,
    })
}

fn sequencer() -> Result<Sequencer> {
    Ok(Sequencer::try_from("0062E99A88DC407460".to_owned())?)
}
