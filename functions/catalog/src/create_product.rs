//! Runs for `POST /admin/products`, for administrators: creates a product.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::request::StoredRequest;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::catalog::{
    self, CatalogEvent, CatalogStore, Category, Package, Product, ProductStatus, Sale, ShardCount, Sku, TaxClass,
};
use shared::core::error::{Reason, Rejection};
use shared::core::json::UniqueMap;
use shared::core::money::Money;
use shared::images::{ImageId, ImageStore};

use crate::categories::check::Named;
use crate::categories::store::CategoryStore;
use crate::{fields, reason};

/// The function's stores.
#[derive(Debug)]
pub struct CreateProduct {
    /// Products and stock.
    pub catalog: CatalogStore,
    /// Categories, which are only read.
    pub categories: CategoryStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl CreateProduct {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
            categories: CategoryStore::new(platform)?,
            images: ImageStore::new(platform)?,
        })
    }
}

/// A new product.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProductRequest {
    /// The stock-keeping unit. It cannot be changed.
    pub sku: Sku,
    /// The name that shoppers see. Text of one line.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The description that shoppers see. Text of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 5_000)]
    pub description: Option<String>,
    /// The brand. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub brand: Option<String>,
    /// The categories, main category first. Each is listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub categories: Vec<Category>,
    /// Facts that shoppers see, by name, such as the weight. Names have up to 50 characters, texts up to 200, each of one
    /// line.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = catalog::attributes_schema)]
    pub attributes: UniqueMap<String>,
    /// Notes that only administrators see, by name. Names have up to 40 characters of `A-Z a-z 0-9 . _ -`, texts up to 200,
    /// each of one line.
    #[serde(default, skip_serializing_if = "UniqueMap::is_empty")]
    #[schema(schema_with = catalog::metadata_schema)]
    pub metadata: UniqueMap<String>,
    /// The price of one unit.
    pub price: Money,
    /// Whether the product is for sale. A `DRAFT` is published later.
    pub status: ProductStatus,
    /// The time from which a `LISTED` product is visible and for sale. If absent, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub list_at: Option<Timestamp>,
    /// The time from which a `LISTED` product is neither visible nor for sale. If absent, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unlist_at: Option<Timestamp>,
    /// A lower price for some time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sale: Option<Sale>,
    /// The points that one unit adds to the buyer's wallet. Only for products that sell points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000_000)]
    pub points: Option<u32>,
    /// The package of one unit, for products that are shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub package: Option<Package>,
    /// The tax class of the product.
    #[serde(default, skip_serializing_if = "TaxClass::is_standard")]
    #[schema(default = "STANDARD")]
    pub tax_class: TaxClass,
    /// The product's images, main image first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub images: Vec<ImageId>,
    /// The available units below which the stock is low. Nobody but administrators sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    pub low_stock_threshold: Option<u32>,
    /// The number of shards of the stock. Default: 1. Can be raised, not lowered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stock_shards: Option<ShardCount>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[&reason::PRODUCT_EXISTS, &reason::INVALID_PRODUCT];

/// Creates a product
///
/// A retry with the same key and body returns the product as it is now. Change it with `update-product`.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    post, path = "/admin/products", operation_id = "create-product", tag = "catalog",
    request_body = CreateProductRequest,
    security(("token" = [])),
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters, new for each product",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 201, description = "The product", body = Product,
            headers(
                ("ETag" = String, description = "For `If-Match` of the next change"),
                ("Idempotency-Replayed" = bool, description = "true: an earlier request created it"),
                ("Location" = String, description = "The product's path"),
            )),
    )
)]
pub async fn handle(function: &CreateProduct, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let caller = http::caller(&request)?;
    let key = http::idempotency_key(&request)?;
    let body: CreateProductRequest = http::body(&request)?;
    let (catalog, sku) = (&function.catalog, body.sku.clone());
    let request = StoredRequest::new("create product", &key, &caller.customer_id, &body, invocation.now)?;
    // A retry succeeds even if the product would be refused now.
    if catalog.earlier(&request, invocation.deadline).await?.is_some() {
        return replay(catalog, &sku, &invocation).await;
    }
    let product = checked(body, &invocation)?;
    let named = Named {
        categories: true,
        ..Named::default()
    };
    fields::check_categories(&function.categories, &product, &named, &invocation).await?;
    fields::check_images(&function.images, &product.images, &invocation).await?;
    let event = invocation.record(&CatalogEvent::ProductChanged(product.clone()))?;
    if catalog.create(&product, &event, &request, invocation.deadline).await? {
        return created(&product);
    }
    if catalog.earlier(&request, invocation.deadline).await?.is_some() {
        return replay(catalog, &sku, &invocation).await;
    }
    let detail = format!("There is a product {sku} already. Change it with PATCH.");
    Err(Rejection::new(&reason::PRODUCT_EXISTS, detail).into())
}

/// The requested product, with its texts as they are stored.
fn checked(body: CreateProductRequest, invocation: &Invocation) -> Result<Product, Error> {
    let mut product = Product {
        sku: body.sku,
        name: fields::name(&body.name)?,
        description: body.description.as_deref().map(fields::description).transpose()?,
        brand: body.brand.as_deref().map(fields::brand).transpose()?,
        categories: fields::categories(&body.categories)?,
        attributes: Default::default(),
        metadata: Default::default(),
        price: body.price,
        status: body.status,
        list_at: body.list_at.map(fields::time),
        unlist_at: body.unlist_at.map(fields::time),
        sale: body.sale.map(|sale| fields::sale(sale, body.price)).transpose()?,
        first_listed_at: None,
        points: body.points.map(fields::points).transpose()?,
        package: body.package.map(fields::package).transpose()?,
        tax_class: body.tax_class,
        images: body.images,
        low_stock_threshold: body.low_stock_threshold.map(fields::low_stock_threshold).transpose()?,
        stock_shards: body.stock_shards.unwrap_or(ShardCount::ONE),
        version: 1,
        updated_by: invocation.actor()?.clone(),
        updated_at: invocation.now,
    };
    fields::require_schedule(product.list_at, product.unlist_at)?;
    product.first_listed_at = product.first_listing(invocation.now);
    let attributes = body.attributes.0.iter().map(|(name, text)| (name, Some(text)));
    fields::merge_attributes(&mut product.attributes, attributes)?;
    let metadata = body.metadata.0.iter().map(|(name, text)| (name, Some(text)));
    fields::merge_metadata(&mut product.metadata, metadata)?;
    Ok(product)
}

/// The response to a retry: the product in its current state.
async fn replay(catalog: &CatalogStore, sku: &Sku, invocation: &Invocation) -> Result<Response, Error> {
    let product = catalog.product(sku, invocation.deadline).await?;
    let product = product.ok_or_else(|| Error::internal("create a product", "the created product does not exist"))?;
    created(&product).map(http::replayed)
}

fn created(product: &Product) -> Result<Response, Error> {
    let response = conditional::tagged(StatusCode::CREATED, product)?;
    http::located(response, &format!("/admin/products/{}", product.sku))
}
