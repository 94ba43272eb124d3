//! Runs for `GET /categories`, without a token: returns the tree of categories. Changes nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::core::error::Reason;

use crate::categories::store::CategoryStore;
use crate::categories::tree::CategoryTree;

/// The function's store.
#[derive(Debug)]
pub struct GetCategories {
    /// The categories.
    pub categories: CategoryStore,
}

impl GetCategories {
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

/// Returns the categories
///
/// The whole tree, with the attributes that each category declares for its products. A cache may
/// reuse it: administrators who change it read `get-admin-categories`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/categories", operation_id = "get-categories", tag = "catalog",
    params(
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The categories", body = CategoryTree,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "The categories have not changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetCategories, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let stored = function.categories.read(invocation.deadline).await?;
    conditional::get(&request, &stored.tree, cache::REFERENCE)
}
