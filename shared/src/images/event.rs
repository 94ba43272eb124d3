//! What happens in the domain `images`, as the bus tells it.

use super::Image;

crate::domain_events! {
    /// Something that happened to a picture.
    pub enum ImageEvent from "madang.images" {
        /// A picture's variants stand.
        ImageResized(Image),
        /// What was uploaded as a picture cannot be used.
        ImageRejected(Image),
        /// A picture is gone, deleted or replaced.
        ImageDeleted(Image),
    }
}
