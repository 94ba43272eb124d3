//! Events of images.

use super::Image;

crate::domain_events! {
    /// An event of an image.
    pub enum ImageEvent from "madang.images" {
        /// An image's variants were written. The image is ready.
        ImageResized(Image),
        /// An upload cannot be used. The image is rejected.
        ImageRejected(Image),
        /// An image was deleted or replaced.
        ImageDeleted(Image),
    }
}
