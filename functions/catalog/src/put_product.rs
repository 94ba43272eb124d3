//! Runs for `PUT /admin/products/{sku}`, for administrators: creates or changes a product. Raising the shard count
//! redistributes its stock.

use futures::future::try_join_all;
use lambda_http::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::aws::Platform;
use shared::aws::dynamodb::attempts::Attempts;
use shared::aws::lambda::Invocation;
use shared::aws::lambda::http::{self, Request, Response};
use shared::catalog::{CatalogEvent, CatalogStore, Product, ProductStatus, ShardCount, Sku};
use shared::core::error::Rejection;
use shared::core::error::{self, Reason};
use shared::core::money::Money;
use shared::core::text::DisplayText;
use shared::images::{ImageId, ImagePurpose, ImageStatus, ImageStore};

use crate::reason;

/// The function's stores.
#[derive(Debug)]
pub struct PutProduct {
    /// Products and stock.
    pub catalog: CatalogStore,
    /// Images, which are only read.
    pub images: ImageStore,
}

impl PutProduct {
    /// The function on `platform`.
    ///
    /// # Errors
    /// [`Error::Internal`] when a variable is missing or wrong.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            catalog: CatalogStore::new(platform)?,
            images: ImageStore::new(platform)?,
        })
    }
}

/// A product without its SKU.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutProductRequest {
    /// The name that shoppers see. Text of one line.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The price of one unit.
    pub price: Money,
    /// Whether the product is for sale.
    pub status: ProductStatus,
    /// The points that one unit adds to the buyer's wallet. Only for products that sell points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000_000)]
    pub points: Option<u32>,
    /// The product's images, main image first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub images: Vec<ImageId>,
    /// Number of shards of the stock. By default unchanged, and 1 for a new product. Can be raised, not lowered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stock_shards: Option<ShardCount>,
}

/// The reasons for which the action itself refuses a request.
pub const REFUSALS: &[&Reason] = &[
    &error::INVALID_PARAMETER,
    &reason::SHARDS_NOT_LOWERED,
    &reason::INVALID_PRODUCT,
];

/// Creates or changes a product
///
/// Replaces the whole product. If nothing differs, nothing is written. Raising `stock_shards` spreads the stock over all
/// shards.
///
/// # Errors
/// [`REFUSALS`], those of the request itself, [`Error::Unavailable`], [`Error::Internal`].
#[utoipa::path(
    put, path = "/admin/products/{sku}", operation_id = "put-product", tag = "catalog", request_body = PutProductRequest,
    security(("token" = [])),
    params(("sku" = Sku, Path, description = "The product")),
    responses(
        (status = 200, description = "The product", body = Product),
    )
)]
pub async fn handle(function: &PutProduct, request: Request, invocation: Invocation) -> Result<Response, Error> {
    let sku = http::path::<Sku>(&request)?;
    let mut body: PutProductRequest = http::body(&request)?;
    body.name = name(&body.name)?.into();
    check_points(body.points)?;
    check_images(&function.images, &body.images, &invocation).await?;
    let mut attempts = Attempts::new("put a product");
    loop {
        attempts.start()?;
        let previous = function.catalog.product(&sku, invocation.deadline).await?;
        let product = changed(&sku, &body, previous.as_ref(), &invocation)?;
        if let Some(previous) = &previous
            && previous.version == product.version
        {
            return http::json(StatusCode::OK, previous);
        }
        let event = invocation.record(&CatalogEvent::ProductChanged(product.clone()))?;
        let saved = function
            .catalog
            .save(&product, previous.as_ref(), &event, invocation.deadline);
        if saved.await? {
            return http::json(StatusCode::OK, &product);
        }
    }
}

fn invalid(field: &str, detail: String) -> Rejection {
    let field = field.to_owned();
    Rejection::with(reason::InvalidProduct { field }, detail)
}

fn name(text: &str) -> Result<DisplayText, Rejection> {
    DisplayText::line(text, Product::MAX_NAME).map_err(|refused| {
        let detail = format!("name: {refused}.");
        invalid("name", detail)
    })
}

fn check_points(points: Option<u32>) -> Result<(), Rejection> {
    if points.is_none_or(|points| (1..=Product::MAX_POINTS).contains(&points)) {
        return Ok(());
    }
    let detail = format!("One unit has 1 to {} points.", Product::MAX_POINTS);
    Err(invalid("points", detail))
}

/// Checks that the images can be shown now. They may still be deleted later: clients fetch each image when they show it.
async fn check_images(images: &ImageStore, ids: &[ImageId], invocation: &Invocation) -> Result<(), Error> {
    let invalid = |detail: String| invalid("images", detail);
    if ids.len() > Product::MAX_IMAGES {
        let detail = format!("A product has at most {} images.", Product::MAX_IMAGES);
        return Err(invalid(detail).into());
    }
    if let Some((_, duplicate)) = ids.iter().enumerate().find(|(at, id)| ids[..*at].contains(id)) {
        return Err(invalid(format!("The image {duplicate} is listed twice.")).into());
    }
    let reads = ids.iter().map(|&id| images.get(id, invocation.deadline));
    let found = try_join_all(reads).await?;
    for (id, stored) in ids.iter().zip(found) {
        let is_usable = stored.is_some_and(|stored| {
            stored.image.status == ImageStatus::Ready && stored.image.purpose == ImagePurpose::Listing
        });
        if !is_usable {
            return Err(invalid(format!(
                "There is no image {id} that is ready and has the purpose LISTING."
            ))
            .into());
        }
    }
    Ok(())
}

/// The requested product. Has the version of `previous` when nothing changes, otherwise the next one.
fn changed(
    sku: &Sku,
    body: &PutProductRequest,
    previous: Option<&Product>,
    invocation: &Invocation,
) -> Result<Product, Rejection> {
    let present = previous.map_or(ShardCount::ONE, |previous| previous.stock_shards);
    let stock_shards = body.stock_shards.unwrap_or(present);
    if stock_shards < present {
        let detail = format!(
            "The stock has {} shards. The number can be raised, not lowered.",
            present.get()
        );
        return Err(Rejection::with(
            reason::ShardsNotLowered { stock_shards: present },
            detail,
        ));
    }
    let requested = Product {
        sku: sku.clone(),
        name: body.name.clone(),
        price: body.price,
        status: body.status,
        points: body.points,
        images: body.images.clone(),
        stock_shards,
        version: previous.map_or(1, |previous| previous.version),
        updated_at: previous.map_or(invocation.now, |previous| previous.updated_at),
    };
    Ok(match previous {
        Some(previous) if *previous != requested => Product {
            version: previous.version + 1,
            updated_at: invocation.now,
            ..requested
        },
        _ => requested,
    })
}
