//! Reasons to reject a request that concerns the catalog, which several domains return.

crate::reasons! {
    INVALID_QUANTITY = Unprocessable "invalid-quantity" "A quantity is out of range";
    PRODUCT_UNAVAILABLE = Unprocessable "product-unavailable" "A product is unknown or not listed";
}
