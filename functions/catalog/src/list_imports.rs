//! Runs for `GET /admin/imports`, for administrators: lists the imports, newest first. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::page::{CREATED, CreatedParameters, Cursor, Page, PageParameters, PageRequest};
use shared::core::error::Reason;

use crate::import::{Import, ImportStore};

/// The function's store.
#[derive(Debug)]
pub struct ListImports {
    /// Imports.
    pub imports: ImportStore,
}

impl ListImports {
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

/// A page of imports.
pub type ImportList = Page<Import>;

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Lists the imports
///
/// Newest first, without their errors. The list is eventually consistent: a new import may take a moment to appear.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/imports", operation_id = "list-imports", tag = "catalog",
    security(("token" = [])),
    params(PageParameters, CreatedParameters),
    responses(
        (status = 200, description = "A page of imports", body = ImportList),
    )
)]
pub async fn handle(function: &ListImports, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let page = PageRequest::of(&request, &["imports"], &CREATED)?;
    let (created, after) = (page.created()?, page.after()?);
    let found = function
        .imports
        .list(created, after, page.limit, invocation.deadline)
        .await?;
    page.respond(found.items, found.next, |import| Cursor {
        at: [import.created_at.as_millisecond().unsigned_abs()],
        id: import.import_id.0,
    })
}
