//! The coupon that a subscription has redeemed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::coupons::{CouponClaimId, CouponId, Redemption};
use utoipa::ToSchema;

use super::Subscription;

/// The coupon that a subscription has redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionCoupon {
    /// The coupon.
    pub coupon_id: CouponId,
    /// The customer's claim.
    pub coupon_claim_id: CouponClaimId,
    /// The number of charges that were paid with it.
    pub charges_used: u32,
    /// The number of charges that it still counts for. Absent: each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub charges_left: Option<u32>,
    /// The time at which the customer got it back. Absent while the subscription has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub returned_at: Option<Timestamp>,
}

impl SubscriptionCoupon {
    /// The coupon of a new subscription.
    pub fn new(redemption: &Redemption) -> Self {
        Self {
            coupon_id: redemption.coupon.coupon_id,
            coupon_claim_id: redemption.coupon_claim_id,
            charges_used: 0,
            charges_left: redemption.coupon.duration.charges(),
            returned_at: None,
        }
    }

    /// Whether it counts for the next charge.
    pub fn is_active(&self) -> bool {
        self.returned_at.is_none() && self.charges_left != Some(0)
    }

    /// The coupon after a charge was paid with it.
    #[must_use]
    pub(super) fn used(self) -> Self {
        Self {
            charges_used: self.charges_used.saturating_add(1),
            charges_left: self.charges_left.map(|left| left.saturating_sub(1)),
            ..self
        }
    }

    /// The coupon after its subscription has ended at `at`. One that no charge was paid with goes back to its customer.
    #[must_use]
    pub(super) fn ended(self, at: Timestamp) -> Self {
        let returned_at = (self.charges_used == 0).then(|| self.returned_at.unwrap_or(at));
        Self { returned_at, ..self }
    }
}

impl Subscription {
    /// The claim that the subscription has. `None` without a coupon, or after it was given back.
    pub fn claim(&self) -> Option<CouponClaimId> {
        let coupon = self.coupon.filter(|coupon| coupon.returned_at.is_none());
        coupon.map(|coupon| coupon.coupon_claim_id)
    }

    /// The claim that the subscription has, and `next`, which follows on it, has not.
    pub fn claim_given_back_by(&self, next: &Self) -> Option<CouponClaimId> {
        self.claim().filter(|_| next.claim().is_none())
    }
}

#[cfg(test)]
mod tests;
