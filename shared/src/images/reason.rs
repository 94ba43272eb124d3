//! Reasons to reject a request that concerns images.

crate::reasons! {
    IMAGE_TYPE_NOT_TAKEN = UnsupportedMedia "image-type-not-taken" "The image type is not supported" ImageTypeNotTaken {
        /// The supported media types.
        #[schema(examples(json!(["image/jpeg", "image/png"])))]
        taken: Vec<String>,
    };
    IMAGE_LENGTH_NOT_TAKEN = Unprocessable "image-length-not-taken" "The image is empty or too large" ImageLengthNotTaken {
        /// The most bytes that an image may have.
        longest: u64,
    };
}
