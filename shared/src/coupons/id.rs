//! The ids of coupons and claims.

use crate::core::idempotency::derive_id;
use crate::core::identity::CustomerId;

crate::entity_id! {
    /// A coupon's id, derived from the administrator and the idempotency key.
    pub struct CouponId as "coupon_id", "There is no such coupon."
}

crate::entity_id! {
    /// A claim's id, derived from the coupon and the customer: a customer has at most one claim of a coupon.
    pub struct CouponClaimId as "coupon_claim_id", "There is no such claim of a coupon."
}

impl CouponClaimId {
    /// The claim of `customer` of `coupon`.
    pub fn of(coupon: CouponId, customer: &CustomerId) -> Self {
        Self(derive_id(&["coupon claim", &coupon.to_string(), customer.as_str()]))
    }
}
