//! Events of products and stock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Product;
use super::Sku;
use crate::core::actor::Actor;

crate::domain_events! {
    /// An event of a product or its stock.
    pub enum CatalogEvent from "madang.catalog" {
        /// A product was created or changed.
        ProductChanged(Product),
        /// Units of a product were added to the stock.
        StockReceived(StockReceived),
    }
}

/// The receipt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockReceived {
    /// The receipt's id, derived from the caller and the idempotency key.
    pub receipt_id: Uuid,
    /// The product.
    pub sku: Sku,
    /// Number of units added.
    #[schema(minimum = 1)]
    pub quantity: u64,
    /// The administrator who added them.
    pub received_by: Actor,
    /// Time at which the units were added.
    pub received_at: Timestamp,
}
