//! Runs for `GET /admin/products/{sku}`, for administrators: returns a product, listed or not, to be changed. Changes
//! nothing.

use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::catalog::{CatalogStore, Product, Sku};
use shared::core::error::{self, Reason, Rejection};

/// The function's store.
#[derive(Debug)]
pub struct GetAdminProduct {
    /// Products and stock.
    pub catalog: CatalogStore,
}

impl GetAdminProduct {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
        })
    }
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::INVALID_PARAMETER, &error::NOT_FOUND];

/// Returns a product to administrators
///
/// Also an unlisted one, and with `metadata`. Send its `ETag` as `If-Match` with a change.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/admin/products/{sku}", operation_id = "get-admin-product", tag = "catalog",
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The product", body = Product,
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-Match` of a change"),
            )),
        (status = 304, description = "The product has not changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetAdminProduct, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sku = http::path::<Sku>(&request)?;
    let product = function.catalog.product(&sku, invocation.deadline).await?;
    let product = product.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such product."))?;
    conditional::get(&request, &product, cache::EDITED)
}
