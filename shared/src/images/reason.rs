//! Reasons to reject a request that concerns images.

crate::reasons! {
    IMAGE_TYPE_NOT_TAKEN = UnsupportedMedia "image-type-not-taken" "The image type is not supported";
    IMAGE_LENGTH_NOT_TAKEN = Unprocessable "image-length-not-taken" "The image is empty or too large";
}
