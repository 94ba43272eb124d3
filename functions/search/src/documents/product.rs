//! Products as documents.

use jiff::Timestamp;
use search_engine::document::{MAX_CATEGORIES, MAX_NAMES};
use search_engine::{Document, Price, Title};
use serde::{Deserialize, Serialize};
use shared::Error;
use shared::catalog::{Sku, WokenProduct};
use shared::core::money::Money;
use shared::images::ImageId;
use shared::search::DocumentKind;
use utoipa::ToSchema;

/// The part of a product that a search shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductResult {
    /// The product.
    pub sku: Sku,
    /// The brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub brand: Option<String>,
    /// The main image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image: Option<ImageId>,
    /// The price of one unit, without a sale.
    pub price: Money,
    /// The price of one unit that a buyer pays now.
    pub current_price: Money,
    /// The time from which the product is no longer shown. A search compares it with the clock, since the index follows
    /// a schedule some time later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hidden_at: Option<Timestamp>,
}

/// The document of a product. One that is not listed has a document too, so that its version counts: no message that
/// arrives late can show it again.
pub fn document(woken: &WokenProduct) -> Result<Document, Error> {
    let (product, as_of) = (&woken.product, woken.as_of);
    let current_price = product.price_at(as_of);
    let card = ProductResult {
        sku: product.sku.clone(),
        brand: product.brand.clone(),
        image: product.images.first().copied(),
        price: product.price,
        current_price,
        hidden_at: product.unlist_at,
    };
    let card = serde_json::to_vec(&card).map_err(|error| Error::internal("serialize a product's card", error))?;
    Ok(Document {
        kind: DocumentKind::Product.name().to_owned(),
        id: product.sku.to_string(),
        version: woken.revision,
        titles: vec![Title {
            // A product's name has no language (RFC 5646: undetermined).
            language: "und".to_owned(),
            text: product.name.clone(),
        }],
        aliases: vec![product.sku.to_string()],
        names: product.brand.iter().take(MAX_NAMES).cloned().collect(),
        categories: product
            .categories
            .iter()
            .take(MAX_CATEGORIES)
            .map(ToString::to_string)
            .collect(),
        price: Some(Price {
            amount: current_price.amount(),
            currency: current_price.currency().code().to_owned(),
        }),
        created_at: product.first_listed_at.unwrap_or(product.updated_at).as_millisecond(),
        updated_at: product.updated_at.as_millisecond(),
        visible: product.is_listed_at(as_of),
        payload: card,
    })
}
