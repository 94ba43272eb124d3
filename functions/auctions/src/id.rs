//! Ids of bids and vouchers. They have a module of their own because bids and vouchers refer to each other.

shared::entity_id! {
    /// A bid's id, derived from the customer and the idempotency key.
    pub struct BidId as "bid_id", "There is no such bid."
}

shared::entity_id! {
    /// A voucher's id, derived from the customer and the idempotency key that registered it. It reveals nothing about the
    /// code.
    pub struct VoucherId as "voucher_id", "There is no such voucher."
}
