//! Runs for `GET /admin/exports/{export_id}`, for administrators: returns an export, with presigned URLs of its files once
//! it is completed. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};

use crate::export::{DOWNLOAD_WITHIN, Export, ExportId, ExportPart, ExportStatus, ExportStore};
use crate::files::Files;

/// The function's store and bucket.
#[derive(Debug)]
pub struct GetExport {
    /// Exports.
    pub exports: ExportStore,
    /// The bucket of the files.
    pub files: Files,
}

impl GetExport {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            exports: ExportStore::new(platform)?,
            files: Files::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns an export
///
/// A completed export has the URLs of its files, each for a download that starts within 15 minutes; ask again for new ones.
/// An export and its files are kept for 30 days.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/exports/{export_id}", operation_id = "get-export", tag = "catalog",
    security(("token" = [])),
    params(("export_id" = Uuid, Path, description = "The export")),
    responses(
        (status = 200, description = "The export", body = Export),
    )
)]
pub async fn handle(function: &GetExport, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let id = http::path::<ExportId>(&request)?;
    let stored = function.exports.get(id, invocation.deadline).await?;
    let stored = stored.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such export."))?;
    let mut export = stored.export;
    if export.status == ExportStatus::Completed {
        for file in &stored.files {
            let signed = function
                .files
                .presign_download(&file.key, invocation.now, DOWNLOAD_WITHIN);
            export.parts.push(ExportPart {
                url: signed.await?.url,
                products: file.products,
                content_length: file.content_length,
            });
        }
    }
    http::json(StatusCode::OK, &export)
}
