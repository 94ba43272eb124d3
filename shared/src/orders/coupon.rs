//! The coupon of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Order, OrderStatus};
use crate::core::money::Money;
use crate::coupons::{CouponClaimId, CouponId, OnCancellation, Redemption};

/// The coupon that an order redeems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderCoupon {
    /// The coupon.
    pub coupon_id: CouponId,
    /// The customer's claim.
    pub coupon_claim_id: CouponClaimId,
    /// What it takes off: the sum of the lines' discounts.
    pub discount: Money,
    /// What becomes of it when the customer cancels the paid order.
    pub on_cancellation: OnCancellation,
    /// The time at which the customer got the coupon back. Absent while the order has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub returned_at: Option<Timestamp>,
}

impl OrderCoupon {
    /// The coupon of an order that it takes `discount` off.
    pub fn new(redemption: &Redemption, discount: Money) -> Self {
        Self {
            coupon_id: redemption.coupon.coupon_id,
            coupon_claim_id: redemption.coupon_claim_id,
            discount,
            on_cancellation: redemption.coupon.on_cancellation,
            returned_at: None,
        }
    }

    /// The coupon after the customer got it back at `at`.
    #[must_use]
    pub const fn returned(self, at: Timestamp) -> Self {
        Self {
            returned_at: Some(at),
            ..self
        }
    }
}

impl Order {
    /// The claim that the order has. `None` without a coupon, or after it was given back.
    pub fn claim(&self) -> Option<CouponClaimId> {
        let coupon = self.coupon.as_ref().filter(|coupon| coupon.returned_at.is_none());
        coupon.map(|coupon| coupon.coupon_claim_id)
    }

    /// Whether the order still has this claim at `now`. An unpaid order whose deadline has passed does not keep it.
    pub fn keeps_claim(&self, claim: CouponClaimId, now: Timestamp) -> bool {
        let is_past = self.clone().as_of(now).status == OrderStatus::Expired;
        self.claim() == Some(claim) && !is_past
    }

    /// The claim that the order has, and `next`, which follows on it, has not.
    pub fn claim_given_back_by(&self, next: &Self) -> Option<CouponClaimId> {
        self.claim().filter(|_| next.claim().is_none())
    }
}
