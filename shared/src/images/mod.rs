//! Pictures: their states, their table, their files.

mod event;
mod gallery;
mod image;
mod sequencer;
mod store;

pub use event::ImageEvent;
pub use gallery::{Gallery, delete};
pub use image::{
    Arrival, CACHE_CONTROL, Image, ImageFault, ImageId, ImagePurpose, ImageRefusal, ImageSource, ImageStatus,
    ImageType, ImageVariant, MAX_BYTES, Made, Rejected, UPLOAD_WITHIN,
};
pub use sequencer::{NotASequencer, Sequencer};
pub use store::{Images, StoredImage};
