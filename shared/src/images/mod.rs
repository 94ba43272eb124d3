//! Pictures: their states and their table.

mod event;
mod image;
mod sequencer;
mod store;

pub use event::ImageEvent;
pub use image::{
    Arrival, CACHE_CONTROL, Image, ImageFault, ImageId, ImagePurpose, ImageRefusal, ImageSource, ImageStatus,
    ImageType, ImageVariant, MAX_BYTES, Made, Rejected, UPLOAD_WITHIN,
};
pub use sequencer::{NotASequencer, Sequencer};
pub use store::{ImageStore, StoredImage};
