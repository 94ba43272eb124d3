//! Reasons to reject a request that concerns the catalog.

shared::reasons! {
    INVALID_PRODUCT = Unprocessable "invalid-product" "A product's field is out of range";
    SHARDS_NOT_LOWERED = Conflict "shards-not-lowered" "Stock shards can be raised, not lowered";
}
