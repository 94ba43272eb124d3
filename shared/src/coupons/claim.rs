//! A claim: a coupon that a customer has.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::id::SubscriptionId;
use crate::core::identity::CustomerId;
use crate::coupons::{CouponClaimId, CouponId};

/// The status of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponClaimStatus {
    /// The customer can redeem the coupon.
    Issued,
    /// An order has the coupon: it waits for payment, is paid, or was cancelled and keeps it. Or a subscription has it: it is not
    /// cancelled, or a charge was paid with the coupon.
    Redeemed,
    /// The coupon was not redeemed in time.
    Expired,
}

/// A coupon that a customer has claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponClaim {
    /// The claim's id. A checkout or a new subscription names it.
    pub coupon_claim_id: CouponClaimId,
    /// The coupon.
    pub coupon_id: CouponId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The claim's status.
    pub status: CouponClaimStatus,
    /// The order that has the coupon. Absent unless an order has redeemed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<Uuid>,
    /// The subscription that has the coupon. Absent unless a subscription has redeemed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subscription_id: Option<SubscriptionId>,
    /// The index of the code that claimed it. Absent for a claim without a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 999_999_999)]
    pub code_index: Option<u32>,
    /// The time of the claim.
    pub claimed_at: Timestamp,
    /// The time from which the coupon can no longer be redeemed. If the shop cancels the order that has it, it can be redeemed for
    /// another day at least, once.
    pub redeemable_until: Timestamp,
    /// Whether the shop has extended `redeemable_until`, which it does once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub is_extended: bool,
}

/// The order or the subscription that has redeemed a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemer {
    /// An order.
    Order(Uuid),
    /// A subscription.
    Subscription(SubscriptionId),
}

impl Redeemer {
    /// Its id. No order and no subscription have the same one.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Order(id) | Self::Subscription(SubscriptionId(id)) => id,
        }
    }
}

/// An order, by its id.
impl From<Uuid> for Redeemer {
    fn from(order_id: Uuid) -> Self {
        Self::Order(order_id)
    }
}

impl From<SubscriptionId> for Redeemer {
    fn from(id: SubscriptionId) -> Self {
        Self::Subscription(id)
    }
}

impl CouponClaim {
    /// How long a claim can be redeemed at least, after the shop has cancelled the order that had it. Once.
    pub const TIME_AFTER_RETURN: SignedDuration = SignedDuration::from_hours(24);

    /// The order or the subscription that has redeemed the claim, if it is redeemed.
    pub fn redeemer(&self) -> Option<Redeemer> {
        let subscription = self.subscription_id.map(Redeemer::from);
        self.order_id.map(Redeemer::from).or(subscription)
    }

    /// The claim as shown at `now`: expired after its time.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.status == CouponClaimStatus::Issued && now >= self.redeemable_until {
            self.status = CouponClaimStatus::Expired;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_was_not_redeemed_expires_and_a_redeemed_one_does_not() {
        let second = |second| Timestamp::from_second(second).unwrap();
        let customer_id = CustomerId::new("ann");
        let coupon_id = CouponId(Uuid::from_u128(1));
        let claim = |status| CouponClaim {
            coupon_claim_id: CouponClaimId::of(coupon_id, &customer_id),
            coupon_id,
            customer_id: customer_id.clone(),
            status,
            order_id: None,
            subscription_id: None,
            code_index: None,
            claimed_at: second(0),
            redeemable_until: second(100),
            is_extended: false,
        };
        for (status, at, shown) in [
            (CouponClaimStatus::Issued, 99, CouponClaimStatus::Issued),
            (CouponClaimStatus::Issued, 100, CouponClaimStatus::Expired),
            (CouponClaimStatus::Redeemed, 100, CouponClaimStatus::Redeemed),
        ] {
            assert_eq!(claim(status).as_of(second(at)).status, shown, "{status:?} at {at}");
        }
    }
}
