//! The events of coupons. That a coupon went back to its customer is in the event of the order that gave it back.

use serde::{Deserialize, Serialize};
use shared::core::identity::CustomerId;
use shared::coupons::{Coupon, CouponClaim, CouponClaimId, CouponId};
use utoipa::ToSchema;

shared::domain_events! {
    /// An event about coupons.
    pub enum CouponEvent from "madang.coupons" {
        /// A customer claimed a coupon, at `occurred_at`.
        CouponClaimed(ClaimedCoupon),
        /// All units of a coupon were found claimed. An administrator may add some later.
        CouponExhausted(Coupon),
    }
}

/// A claim, as far as its event tells. It is short, so that a claim with its event is one kilobyte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimedCoupon {
    /// The claim.
    pub coupon_claim_id: CouponClaimId,
    /// The coupon.
    pub coupon_id: CouponId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The index of the code that claimed it. Absent for a claim without a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 999_999_999)]
    pub code_index: Option<u32>,
}

impl From<&CouponClaim> for ClaimedCoupon {
    fn from(claim: &CouponClaim) -> Self {
        Self {
            coupon_claim_id: claim.coupon_claim_id,
            coupon_id: claim.coupon_id,
            customer_id: claim.customer_id.clone(),
            code_index: claim.code_index,
        }
    }
}
