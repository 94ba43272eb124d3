//! Images: signed uploads, variants, and deletion.

pub mod delete_image;
pub mod get_image;
pub mod presign_upload;
pub mod purge_image;
pub mod resize_image;
pub mod storage;

shared::actions! {
    http {
        "delete-image" => delete_image::DeleteImage,
        "get-image" => get_image::GetImage,
        "presign-upload" => presign_upload::PresignUpload,
    }
    event {
        "purge-image" => purge_image::PurgeImage,
        "resize-image" => resize_image::ResizeImage,
    }
}
