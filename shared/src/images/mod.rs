//! Images: their states and their store.

mod event;
mod image;
pub mod reason;
mod store;

pub use event::ImageEvent;
pub use image::{
    CACHE_CONTROL, Image, ImageFault, ImageId, ImagePurpose, ImageRefusal, ImageSource, ImageStatus, ImageType,
    ImageVariant, MAX_BYTES, ProcessedUpload, Rejected, UPLOAD_WITHIN, UploadStatus,
};
pub use store::{ImageStore, StoredImage};
