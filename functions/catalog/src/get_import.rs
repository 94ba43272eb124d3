//! Runs for `GET /admin/imports/{import_id}`, for administrators: returns an import with its first errors. Changes nothing.

use lambda_http::http::StatusCode;
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::core::error::{self, Reason, Rejection};

use crate::import::{Import, ImportId, ImportStore};

/// The function's store.
#[derive(Debug)]
pub struct GetImport {
    /// Imports.
    pub imports: ImportStore,
}

impl GetImport {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            imports: ImportStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::NOT_FOUND];

/// Returns an import
///
/// An import is kept for 30 days.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/imports/{import_id}", operation_id = "get-import", tag = "catalog",
    security(("token" = [])),
    params(("import_id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import", body = Import),
    )
)]
pub async fn handle(function: &GetImport, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let id = http::path::<ImportId>(&request)?;
    let stored = function.imports.get(id, invocation.deadline).await?;
    let stored = stored.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such import."))?;
    http::json(StatusCode::OK, &stored.import)
}
