//! Runs for `GET /admin/categories`, for administrators: returns the current tree of categories, to edit it. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::Reason;

use crate::categories::store::CategoryStore;
use crate::categories::tree::CategoryTree;

/// The function's store.
#[derive(Debug)]
pub struct GetAdminCategories {
    /// The categories.
    pub categories: CategoryStore,
}

impl GetAdminCategories {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            categories: CategoryStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[];

/// Returns the categories to administrators
///
/// As `get-categories` does, but no cache may reuse it without asking. Send its `ETag` as `If-Match` with a change.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/categories", operation_id = "get-admin-categories", tag = "catalog",
    security(("token" = [])),
    params(
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The categories", body = CategoryTree,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-Match` of a change"),
            )),
        (status = 304, description = "The categories have not changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(
    function: &GetAdminCategories,
    request: Request,
    invocation: Invocation,
) -> Result<Response, Error> {
    let stored = function.categories.read(invocation.deadline).await?;
    conditional::get(&request, &stored.tree, cache::EDITED)
}
