//! Reasons to reject a request that concerns the catalog.

use shared::catalog::{Category, ShardCount};

use crate::listings::layout::ListingPhase;

shared::reasons! {
    /// Change it with `update-product`.
    PRODUCT_EXISTS = Conflict "product-exists" "There is a product with this SKU";
    INVALID_PRODUCT = Unprocessable "invalid-product" "A product's field is out of range" InvalidProduct {
        /// The field's name.
        field: String,
    };
    /// Unlist it instead.
    ALREADY_PUBLISHED = Conflict "already-published" "A product that was published cannot become a draft again";
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
    INVALID_IMPORT = Unprocessable "invalid-import" "The length or the checksum of the file is not allowed" InvalidImport {
        /// The field's name.
        field: String,
    };
    /// The change would break a rule of categories: `detail` tells which. Nothing has changed.
    INVALID_CATEGORIES = Unprocessable "invalid-categories" "The categories break a rule" InvalidCategories {
        /// The category, if the rule concerns one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        category: Option<Category>,
    };
    /// Move its products to other categories first. Drafts and unlisted products do not count.
    CATEGORY_NOT_EMPTY = Conflict "category-not-empty" "Products are listed in a category that was to be removed" CategoryNotEmpty {
        /// The category.
        category: Category,
    };
    /// Wait until the listing's phase is `STEADY`. `reshard-listing` with the key of the earlier request tells the phase.
    RESHARDING_IN_PROGRESS = Conflict "resharding-in-progress" "The listing's shards are being changed already" ReshardingInProgress {
        /// The present phase of the listing.
        phase: ListingPhase,
    };
    TOO_MANY_RESHARDED_LISTINGS = Unprocessable "too-many-resharded-listings" "Too many listings have a number of shards of their own";
}
