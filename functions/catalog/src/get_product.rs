//! Runs for `GET /products/{sku}`, without a token: returns a listed product and its stock. Changes nothing.

use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::problem::{Faults, Problem};
use shared::catalog::{CatalogStore, Product, Sku};
use shared::core::error::{self, Rejection};

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

/// A product and its stock.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProductView {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// Units in stock, summed over all shards.
    pub available: u64,
}

/// Returns a product
///
/// An unlisted product is not returned.
///
/// # Cost
/// One request and two read units for a product in one shard; otherwise two requests, and three units plus one per
/// shard.
///
/// # Errors
/// `not-found` for an unlisted product too, `invalid-parameter`, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    get, path = "/products/{sku}", operation_id = "get-product", tag = "catalog",
    params(("sku" = Sku, Path, description = "The product")),
    responses(
        (status = 200, description = "The product and its stock", body = ProductView),
        (status = 400, description = "`invalid-parameter`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        Faults,
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
    http::json(StatusCode::OK, &ProductView { product, available })
}
