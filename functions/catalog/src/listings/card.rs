//! Cards: what a list shows of a product.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::catalog::{Product, ProductStatus, Sku};
use shared::core::money::Money;
use shared::images::ImageId;
use utoipa::ToSchema;

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductCard {
    /// The stock-keeping unit.
    pub sku: Sku,
    /// The name.
    #[schema(min_length = 1, max_length = 200, examples("Green tea, 100 g"))]
    pub name: String,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub brand: Option<String>,
    /// The main image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<ImageId>,
    /// The regular price of one unit.
    pub price: Money,
    /// The price of one unit now: that of a sale while it runs. Lists by price are sorted by it.
    pub current_price: Money,
    /// Whether no unit is available.
    pub sold_out: bool,
    /// Whether the product is for sale. Only administrators see others than `LISTED`.
    pub status: ProductStatus,
    /// The time of the first listing. Absent for a product that was never listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub first_listed_at: Option<Timestamp>,
    /// The time of the last change of the product.
    pub updated_at: Timestamp,
}

impl ProductCard {
    /// The card of `product` at `now`.
    pub fn of(product: &Product, sold_out: bool, now: Timestamp) -> Self {
        Self {
            sku: product.sku.clone(),
            name: product.name.clone(),
            brand: product.brand.clone(),
            image: product.images.first().copied(),
            price: product.price,
            current_price: product.price_at(now),
            sold_out,
            status: product.status,
            first_listed_at: product.first_listed_at,
            updated_at: product.updated_at,
        }
    }
}
