//! Runs for `PATCH /admin/products/{sku}`, for administrators: changes the named fields of a product. Raising the shard
//! count redistributes its stock.

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::http::{self, Request, Response};
use shared::aws::lambda::{Invocation, conditional};
use shared::catalog::{
    self, AlreadyPublished, CatalogEvent, CatalogStore, Category, Package, Product, ProductStatus, Sale, ShardCount,
    Sku, TaxClass,
};
use shared::core::error::{self, Reason, Rejection};
use shared::core::json::UniqueMap;
use shared::core::merge_patch::Patch;
use shared::core::money::Money;
use shared::images::{ImageId, ImageStore};

use crate::categories::check::Named;
use crate::categories::store::CategoryStore;
use crate::{fields, product_change, reason};

/// The function's stores.
#[derive(Debug)]
pub struct UpdateProduct {
    /// Products and stock.
    pub catalog: CatalogStore,
    /// Categories, which are only read.
    pub categories: CategoryStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl UpdateProduct {
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

/// Changes of a product, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProductRequest {
    /// The name that shoppers see. Text of one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// The description that shoppers see. Text of several lines.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5_000)]
    pub description: Patch<String>,
    /// The brand. Text of one line.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub brand: Patch<String>,
    /// All categories, main category first. Each is listed once.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Vec<Category>>, max_items = 10)]
    pub categories: Patch<Vec<Category>>,
    /// Facts that shoppers see, by name. Only the named ones change, and `null` removes one.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(schema_with = catalog::attributes_patch_schema)]
    pub attributes: Patch<UniqueMap<Option<String>>>,
    /// Notes that only administrators see, by name. Only the named ones change, and `null` removes one.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(schema_with = catalog::metadata_patch_schema)]
    pub metadata: Patch<UniqueMap<Option<String>>>,
    /// The price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price: Option<Money>,
    /// Whether the product is for sale. A published product cannot become a `DRAFT` again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<ProductStatus>,
    /// The time from which a `LISTED` product is visible and for sale.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Timestamp>)]
    pub list_at: Patch<Timestamp>,
    /// The time from which a `LISTED` product is neither visible nor for sale.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Timestamp>)]
    pub unlist_at: Patch<Timestamp>,
    /// A lower price for some time. Replaced as a whole.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Sale>)]
    pub sale: Patch<Sale>,
    /// The points that one unit adds to the buyer's wallet. Only for products that sell points.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    pub points: Patch<u32>,
    /// The package of one unit, for products that are shipped. Replaced as a whole.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Package>)]
    pub package: Patch<Package>,
    /// The tax class of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tax_class: Option<TaxClass>,
    /// All images, main image first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<Vec<ImageId>>, max_items = 20)]
    pub images: Patch<Vec<ImageId>>,
    /// The available units below which the stock is low. Nobody but administrators sees it.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    pub low_stock_threshold: Patch<u32>,
    /// The number of shards of the stock. Can be raised, not lowered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stock_shards: Option<ShardCount>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &error::NOT_FOUND,
    &reason::ALREADY_PUBLISHED,
    &reason::SHARDS_NOT_LOWERED,
    &reason::INVALID_PRODUCT,
];

/// Changes a product
///
/// Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has
/// changed the product since it was read, the answer is 412 and nothing changes. A change that is made already is
/// answered with 200 in any case, so a retry after a lost response succeeds. Raising `stock_shards` spreads the stock over
/// all shards.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    patch, path = "/admin/products/{sku}", operation_id = "update-product", tag = "catalog",
    request_body(content = UpdateProductRequest, content_type = "application/merge-patch+json"),
    security(("token" = [])),
    params(
        ("sku" = Sku, Path, description = "The product"),
        ("If-Match" = String, Header, description = "The `ETag` of the product as it was read, or `*`"),
    ),
    responses(
        (status = 200, description = "The product", body = Product,
            headers(("ETag" = String, description = "For `If-Match` of the next change"))),
    )
)]
pub async fn handle(function: &UpdateProduct, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sku = http::path::<Sku>(&request)?;
    conditional::require_if_match(&request)?;
    let body: UpdateProductRequest = http::body(&request)?;
    let mut attempts = Attempts::new("change a product");
    loop {
        attempts.start()?;
        let previous = function.catalog.product(&sku, invocation.deadline).await?;
        let previous = previous.ok_or_else(|| Rejection::new(&error::NOT_FOUND, "There is no such product."))?;
        let merged = body.merged(&previous, invocation.now)?;
        // RFC 9110 §13.1.1 allows this answer to a change that was made already, whatever `If-Match` says.
        if merged == previous {
            return conditional::tagged(StatusCode::OK, &previous);
        }
        conditional::require_match(&request, &previous)?;
        fields::check_categories(&function.categories, &merged, &body.named(), &invocation).await?;
        if merged.images != previous.images {
            fields::check_images(&function.images, &merged.images, &invocation).await?;
        }
        let product = product_change::next_version(Some(&previous), merged, &invocation)?;
        let event = invocation.record(&CatalogEvent::ProductChanged(product.clone()))?;
        let saved = function.catalog.save(&product, &previous, &event, invocation.deadline);
        if saved.await? {
            return conditional::tagged(StatusCode::OK, &product);
        }
    }
}

impl UpdateProductRequest {
    /// The parts of the product that the categories have rules for.
    pub fn named(&self) -> Named {
        Named {
            categories: !self.categories.is_absent(),
            attributes: match &self.attributes {
                Patch::Set(changes) => changes.0.keys().cloned().collect(),
                Patch::Absent | Patch::Clear => vec![],
            },
            status: self.status.is_some() || self.attributes == Patch::Clear,
        }
    }

    /// `product` with the named fields changed. A field that is not named is not checked: it may be older than the rules.
    ///
    /// # Errors
    /// `invalid-product`, `already-published`, `shards-not-lowered`.
    pub fn merged(&self, product: &Product, now: Timestamp) -> Result<Product, Rejection> {
        let mut product = product.clone();
        if let Some(name) = &self.name {
            product.name = fields::name(name)?;
        }
        let description = |text: &String| fields::description(text).map(Some);
        self.description.merge(&mut product.description, description)?;
        self.brand
            .merge(&mut product.brand, |text| fields::brand(text).map(Some))?;
        let categories = |categories: &Vec<Category>| fields::categories(categories);
        self.categories.merge(&mut product.categories, categories)?;
        match &self.attributes {
            Patch::Absent => {}
            Patch::Clear => product.attributes.clear(),
            Patch::Set(changes) => fields::merge_attributes(&mut product.attributes, named(changes))?,
        }
        match &self.metadata {
            Patch::Absent => {}
            Patch::Clear => product.metadata.clear(),
            Patch::Set(changes) => fields::merge_metadata(&mut product.metadata, named(changes))?,
        }
        product.price = self.price.unwrap_or(product.price);
        if let Some(status) = self.status {
            let moved = product.status.transition(status);
            product.status = moved.map_err(|AlreadyPublished| {
                Rejection::new(
                    &reason::ALREADY_PUBLISHED,
                    "The product was published. Unlist it instead.",
                )
            })?;
        }
        let time = |at: &Timestamp| Ok::<_, Rejection>(Some(fields::time(*at)));
        self.list_at.merge(&mut product.list_at, time)?;
        self.unlist_at.merge(&mut product.unlist_at, time)?;
        if !(self.list_at.is_absent() && self.unlist_at.is_absent()) {
            fields::require_schedule(product.list_at, product.unlist_at)?;
        }
        let sale = |sale: &Sale| Ok::<_, Rejection>(Some(*sale));
        self.sale.merge(&mut product.sale, sale)?;
        // A sale that has ended does not limit a new price.
        let has_sale = product.sale.is_some_and(|sale| now < sale.ends_at);
        if !self.sale.is_absent() || (self.price.is_some() && has_sale) {
            let checked = product.sale.map(|sale| fields::sale(sale, product.price));
            product.sale = checked.transpose()?;
        }
        self.points
            .merge(&mut product.points, |&points| fields::points(points).map(Some))?;
        self.package
            .merge(&mut product.package, |&package| fields::package(package).map(Some))?;
        product.tax_class = self.tax_class.unwrap_or(product.tax_class);
        self.images
            .merge(&mut product.images, |images| Ok::<_, Rejection>(images.clone()))?;
        self.low_stock_threshold
            .merge(&mut product.low_stock_threshold, |&threshold| {
                fields::low_stock_threshold(threshold).map(Some)
            })?;
        let present = product.stock_shards;
        product.stock_shards = self.stock_shards.unwrap_or(present);
        if product.stock_shards < present {
            let detail = format!(
                "The stock has {} shards. The number can be raised, not lowered.",
                present.get()
            );
            let lowered = reason::ShardsNotLowered { stock_shards: present };
            return Err(Rejection::with(lowered, detail));
        }
        Ok(product)
    }
}

fn named(changes: &UniqueMap<Option<String>>) -> impl Iterator<Item = (&String, Option<&String>)> {
    changes.0.iter().map(|(name, text)| (name, text.as_ref()))
}
