//! Runs for `GET /products/{sku}`, without a token: returns a listed product and its stock. Changes nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, cache, conditional};
use shared::catalog::{self, CatalogStore, Category, Package, Product, ProductStatus, Sale, Sku, TaxClass};
use shared::core::error::{self, Reason, Rejection};
use shared::core::money::Money;
use shared::images::ImageId;

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
    /// The stock-keeping unit.
    pub sku: Sku,
    /// The name.
    #[schema(min_length = 1, max_length = 200, examples("Green tea, 100 g"))]
    pub name: String,
    /// The description. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 5_000)]
    pub description: Option<String>,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub brand: Option<String>,
    /// The categories, main category first.
    #[schema(max_items = 10)]
    pub categories: Vec<Category>,
    /// Facts about the product, by name.
    #[schema(schema_with = catalog::attributes_schema)]
    pub attributes: BTreeMap<String, String>,
    /// The regular price of one unit.
    pub price: Money,
    /// The price of one unit now: that of the sale while it runs.
    pub current_price: Money,
    /// The sale, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sale: Option<Sale>,
    /// Whether the product is for sale.
    pub status: ProductStatus,
    /// The points that one unit adds to the buyer's wallet. Only for products that sell points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000_000)]
    pub points: Option<u32>,
    /// The package of one unit. Absent for a product that is not shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub package: Option<Package>,
    /// The tax class of the product.
    #[serde(default, skip_serializing_if = "TaxClass::is_standard")]
    #[schema(default = "STANDARD")]
    pub tax_class: TaxClass,
    /// The product's images, main image first.
    #[schema(max_items = 20)]
    pub images: Vec<ImageId>,
    /// Units in stock, summed over all shards.
    pub available: u64,
    /// The time of the last change of the product.
    pub updated_at: Timestamp,
}

impl ProductView {
    /// The view of `product` at `now`, when `available` units are in stock.
    pub fn of(product: Product, available: u64, now: Timestamp) -> Self {
        Self {
            current_price: product.price_at(now),
            sale: product.sale_at(now),
            sku: product.sku,
            name: product.name,
            description: product.description,
            brand: product.brand,
            categories: product.categories,
            attributes: product.attributes,
            price: product.price,
            status: product.status,
            points: product.points,
            package: product.package,
            tax_class: product.tax_class,
            images: product.images,
            available,
            updated_at: product.updated_at,
        }
    }
}

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
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
                ("ETag" = String, description = "For `If-None-Match` of a later request"),
            )),
        (status = 304, description = "Nothing has changed since the response that `If-None-Match` names",
            headers(
                ("Cache-Control" = String, description = "The time for which the response may be reused"),
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
        .filter(|(product, _)| product.is_listed_at(invocation.now))
        .ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such product."))?;
    let view = ProductView::of(product, available, invocation.now);
    conditional::get(&request, &view, cache::DETAILS)
}
