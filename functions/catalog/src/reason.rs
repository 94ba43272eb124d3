//! Reasons to reject a request that concerns the catalog.

use shared::catalog::ShardCount;

shared::reasons! {
    /// Change it with `update-product`.
    PRODUCT_EXISTS = Conflict "product-exists" "There is a product with this SKU";
    INVALID_PRODUCT = Unprocessable "invalid-product" "A product's field is out of range" InvalidProduct {
        /// The field's name.
        field: String,
    };
    /// Units that an order holds or has bought are not available. Correct the stock by at most `available`, or cancel orders
    /// first.
    INSUFFICIENT_STOCK = Conflict "insufficient-stock" "Fewer units are available than were to be taken away" InsufficientStock {
        /// The available units of the product.
        available: u64,
    };
    SHARDS_NOT_LOWERED = Conflict "shards-not-lowered" "Stock shards can be raised, not lowered" ShardsNotLowered {
        /// The number of shards now.
        stock_shards: ShardCount,
    };
}
