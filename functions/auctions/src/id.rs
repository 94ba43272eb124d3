//! Ids of bids and vouchers, which name each other.

shared::entity_id! {
    /// A bid's id, derived from its customer and their idempotency key.
    pub struct BidId as "bid_id", "There is no such bid."
}

shared::entity_id! {
    /// A voucher's id, derived from the one who registered it and their idempotency key; it tells nothing of its code.
    pub struct VoucherId as "voucher_id", "There is no such voucher."
}
