//! Fuzz target: S3's event of an upload, and its object key.

use images::resize_image::ObjectCreated;
use shared::images::ImageId;

/// Parses the event and its key: a key belongs to no picture, or is that picture's only key.
///
/// # Panics
/// If two keys belong to one picture.
pub fn enter(data: &[u8]) {
    if let Ok(key) = str::from_utf8(data) {
        read(key);
    }
    if let Ok(delivery) = serde_json::from_slice::<ObjectCreated>(data) {
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
