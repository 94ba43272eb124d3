//! Events of products and stock.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Product, Sku, StockMovement};

crate::domain_events! {
    /// An event of a product or its stock.
    pub enum CatalogEvent from "madang.catalog" {
        /// A product was created or changed.
        ProductChanged(Product),
        /// Units were received, corrected, written off or returned.
        StockMoved(StockMovement),
        /// The available units of a product fell below its threshold.
        StockLow(StockLow),
    }
}

/// A product whose available units are below its threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockLow {
    /// The product.
    pub sku: Sku,
    /// The available units, summed over all shards, when the fall was noticed.
    pub available: u64,
    /// The product's `low_stock_threshold`.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub threshold: u32,
}
