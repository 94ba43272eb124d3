//! Reasons to reject a request that concerns the catalog, which several domains return.

use super::Sku;

crate::reasons! {
    INVALID_QUANTITY = Unprocessable "invalid-quantity" "A quantity is out of range" InvalidQuantity {
        /// The product of the quantity, if the request has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        sku: Option<Sku>,
    };
    PRODUCT_UNAVAILABLE = Unprocessable "product-unavailable" "A product is unknown or not listed" ProductUnavailable {
        /// The product, if the request has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        sku: Option<Sku>,
    };
}
