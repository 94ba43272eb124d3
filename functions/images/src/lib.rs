//! Uploads and their variants.

pub mod delete_image;
pub mod get_image;
pub mod presign_upload;
pub mod purge_image;
pub mod resize_image;
