//! What happens in the domain `catalog`, as the bus tells it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Product;
use super::Sku;

crate::domain_events! {
    /// Something that happened to a product or its stock.
    pub enum CatalogEvent from "madang.catalog" {
        /// A product was created or changed.
        ProductChanged(Product),
        /// Units of a product arrived.
        StockReceived(StockReceived),
    }
}

/// Units of a product that arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockReceived {
    /// The receipt's id, derived from the caller and their idempotency key.
    pub receipt_id: Uuid,
    /// The product.
    pub sku: Sku,
    /// How many units arrived.
    #[schema(minimum = 1)]
    pub quantity: u64,
    /// When.
    pub received_at: Timestamp,
}
