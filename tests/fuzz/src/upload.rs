//! What S3 tells of an upload, and the key that it lies at.

use images::resize_image::Delivery;
use shared::images::ImageId;

/// Reads the event and its key: a key belongs to no picture, or is the only one that does.
///
/// # Panics
/// When two keys belong to one picture.
pub fn enter(data: &[u8]) {
    if let Ok(key) = str::from_utf8(data) {
        read(key);
    }
    if let Ok(delivery) = serde_json::from_slice::<Delivery>(data) {
        read(&delivery.detail.object.key);
        let sequencer = &delivery.detail.object.sequencer;
        assert_eq!(sequencer.cmp(sequencer), std::cmp::Ordering::Equal);
    }
}

fn read(key: &str) {
    if let Some(id) = ImageId::from_raw_key(key) {
        assert_eq!(id.raw_key(), key);
    }
}
