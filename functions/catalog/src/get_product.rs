//! Runs for `GET /products/{sku}`, without a token: returns a listed product and its stock. Changes nothing.

use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::catalog::{CatalogStore, Product, Sku};
use shared::core::error::{self, Reason, Rejection};

/// The function's store.
#[derive(Debug)]
pub struct GetProduct {
    /// Products and stock.
    pub catalog: CatalogStore,
}

impl GetProduct {
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

/// A product as everybody sees it, and its stock.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProductView {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// Units in stock, summed over all shards.
    pub available: u64,
}

/// Stock changes with each order, so a copy is used for a few seconds only. Checkout decides by the stock itself.
const CACHE_CONTROL: &str = "public, max-age=5";

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&error::INVALID_PARAMETER, &error::NOT_FOUND];

/// Returns a product
///
/// An unlisted product is not returned.
///
/// # Cost
/// One request and two read units for a product in one shard; otherwise two requests, and three units plus one per
/// shard.
///
/// # Errors
/// `not-found` for an unlisted product too. [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/products/{sku}", operation_id = "get-product", tag = "catalog",
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier response"),
    ),
    responses(
        (status = 200, description = "The product and its stock", body = ProductView,
            headers(
                ("Cache-Control" = String, description = "How long the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "How long the response may be reused"),
                ("ETag" = String, description = "As in `If-None-Match`"),
            )),
    )
)]
pub async fn handle(function: &GetProduct, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sku = http::path::<Sku>(&request)?;
    let found = function
        .catalog
        .product_and_available(&sku, invocation.deadline)
        .await?;
    let (product, available) = found
        .filter(|(product, _)| product.is_listed())
        .ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such product."))?;
    let product = product.for_customers();
    conditional::get(&request, &ProductView { product, available }, CACHE_CONTROL)
}
