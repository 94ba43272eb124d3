//! The redemption of a claim by an order or a subscription.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::core::error::Rejection;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::coupons::{Coupon, CouponClaim, CouponClaimId, CouponClaimStatus, NoDiscount, Redeemer, reason};

/// A claim that an order or a subscription redeems, and its coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The claim.
    pub coupon_claim_id: CouponClaimId,
    /// The coupon. Its terms never change, unless it is revoked.
    pub coupon: Arc<Coupon>,
}

/// The reason for which an order or a subscription cannot redeem a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRedeemable {
    /// The customer has no such claim.
    NotFound,
    /// The time to redeem it is over, or an administrator has revoked the coupon.
    Expired {
        /// The time at which it ended.
        ended_at: Timestamp,
    },
    /// Another order, or a subscription, has it.
    InUse {
        /// Which.
        by: Redeemer,
    },
    /// The coupon takes nothing off the order.
    NotApplicable,
    /// The eligible lines cost too little.
    MinimumNotReached {
        /// The price that the eligible lines have to reach.
        minimum: Money,
        /// The price of the eligible lines.
        subtotal: Money,
    },
    /// The order has another currency than the coupon.
    CurrencyDiffers {
        /// The currency of the coupon.
        coupon_currency: String,
    },
}

impl CouponClaim {
    /// Checks that an order or a subscription of `customer` can redeem the claim at `now`. `own` are the ids of those that may have
    /// it already: itself, and the order that an order replaces.
    ///
    /// # Errors
    /// [`NotRedeemable::NotFound`] for another customer's claim, [`NotRedeemable::InUse`], [`NotRedeemable::Expired`].
    pub fn require_redeemable(&self, customer: &CustomerId, own: &[Uuid], now: Timestamp) -> Result<(), NotRedeemable> {
        if self.customer_id != *customer {
            return Err(NotRedeemable::NotFound);
        }
        match (self.clone().as_of(now).status, self.redeemer()) {
            (CouponClaimStatus::Expired, _) => Err(NotRedeemable::Expired {
                ended_at: self.redeemable_until,
            }),
            (CouponClaimStatus::Redeemed, Some(by)) if !own.contains(&by.id()) => Err(NotRedeemable::InUse { by }),
            (CouponClaimStatus::Issued | CouponClaimStatus::Redeemed, _) => Ok(()),
        }
    }
}

impl Coupon {
    /// Checks that no administrator has revoked the coupon at `now`.
    ///
    /// # Errors
    /// [`NotRedeemable::Expired`].
    pub fn require_not_revoked(&self, now: Timestamp) -> Result<(), NotRedeemable> {
        match self.revoked_at {
            Some(ended_at) if now >= ended_at => Err(NotRedeemable::Expired { ended_at }),
            _ => Ok(()),
        }
    }
}

impl Redemption {
    /// The refusal of an order that the coupon takes nothing off.
    pub fn refusal(&self, no_discount: NoDiscount) -> NotRedeemable {
        match no_discount {
            NoDiscount::NotApplicable => NotRedeemable::NotApplicable,
            NoDiscount::MinimumNotReached { minimum, subtotal } => {
                NotRedeemable::MinimumNotReached { minimum, subtotal }
            }
            NoDiscount::CurrencyDiffers => NotRedeemable::CurrencyDiffers {
                coupon_currency: self.coupon.currency.code().to_owned(),
            },
        }
    }
}

impl NotRedeemable {
    /// The rejection of an order that names the claim `coupon_claim_id`.
    pub fn rejection(self, coupon_claim_id: CouponClaimId) -> Rejection {
        match self {
            Self::NotFound => {
                let members = reason::CouponNotFound { coupon_claim_id };
                Rejection::with(members, "You have not claimed such a coupon.")
            }
            Self::Expired { ended_at } => {
                let detail = format!("The coupon could be redeemed until {ended_at}.");
                let members = reason::CouponExpired {
                    coupon_claim_id: Some(coupon_claim_id),
                    ended_at,
                };
                Rejection::with(members, detail)
            }
            Self::InUse { by } => {
                let (order_id, subscription_id, what) = match by {
                    Redeemer::Order(id) => (Some(id), None, "order"),
                    Redeemer::Subscription(id) => (None, Some(id), "subscription"),
                };
                let detail = format!(
                    "The {what} {} has redeemed the coupon. Send the request without it.",
                    by.id()
                );
                let members = reason::CouponInUse {
                    coupon_claim_id,
                    order_id,
                    subscription_id,
                };
                Rejection::with(members, detail)
            }
            Self::NotApplicable => {
                let detail = "The coupon takes nothing off these items, or another coupon has taken everything off. Leave it out to keep it.";
                Rejection::with(reason::CouponNotApplicable { coupon_claim_id }, detail)
            }
            Self::MinimumNotReached { minimum, subtotal } => {
                let detail = format!(
                    "The coupon needs eligible items for {minimum}; these are {subtotal}, less the discount of a coupon that applies before."
                );
                let members = reason::CouponMinimumNotReached {
                    coupon_claim_id,
                    minimum_subtotal: minimum,
                    eligible_subtotal: subtotal,
                };
                Rejection::with(members, detail)
            }
            Self::CurrencyDiffers { coupon_currency } => {
                let detail = format!("The coupon is for orders in {coupon_currency}.");
                let members = reason::CouponCurrencyDiffers {
                    coupon_claim_id,
                    coupon_currency,
                };
                Rejection::with(members, detail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::id::SubscriptionId;
    use crate::coupons::CouponId;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_claim_is_redeemed_by_its_customer_in_time_and_by_one_order_or_subscription() {
        let (ann, bob) = (CustomerId::new("ann"), CustomerId::new("bob"));
        let coupon_id = CouponId(Uuid::from_u128(1));
        let (mine, other) = (Uuid::from_u128(2), Uuid::from_u128(3));
        let issued = CouponClaim {
            coupon_claim_id: CouponClaimId::of(coupon_id, &ann),
            coupon_id,
            customer_id: ann.clone(),
            status: CouponClaimStatus::Issued,
            order_id: None,
            subscription_id: None,
            code_index: None,
            claimed_at: second(0),
            redeemable_until: second(100),
            is_extended: false,
        };
        let redeemed = CouponClaim {
            status: CouponClaimStatus::Redeemed,
            order_id: Some(mine),
            ..issued.clone()
        };
        let subscribed = CouponClaim {
            status: CouponClaimStatus::Redeemed,
            subscription_id: Some(SubscriptionId(mine)),
            ..issued.clone()
        };
        let (by_order, by_subscription) = (Redeemer::Order(mine), Redeemer::Subscription(SubscriptionId(mine)));
        let ended_at = second(100);
        for (claim, customer, own, at, expected) in [
            (&issued, &ann, &[][..], 99, Ok(())),
            (&issued, &ann, &[], 100, Err(NotRedeemable::Expired { ended_at })),
            (&issued, &bob, &[], 0, Err(NotRedeemable::NotFound)),
            (&redeemed, &bob, &[], 0, Err(NotRedeemable::NotFound)),
            (&redeemed, &ann, &[mine], 0, Ok(())),
            (&redeemed, &ann, &[other, mine], 100, Ok(())),
            (&redeemed, &ann, &[other], 0, Err(NotRedeemable::InUse { by: by_order })),
            (&redeemed, &ann, &[], 0, Err(NotRedeemable::InUse { by: by_order })),
            (&subscribed, &ann, &[mine], 100, Ok(())),
            (
                &subscribed,
                &ann,
                &[other],
                0,
                Err(NotRedeemable::InUse { by: by_subscription }),
            ),
        ] {
            let found = claim.require_redeemable(customer, own, second(at));
            assert_eq!(found, expected, "{claim:?} {own:?} at {at}");
        }
    }

    #[test]
    fn a_refusal_names_the_order_or_the_subscription_that_has_the_coupon() {
        let id = Uuid::from_u128(2);
        let named = |by| {
            let refused = NotRedeemable::InUse { by }.rejection(CouponClaimId(Uuid::from_u128(1)));
            ["order_id", "subscription_id"].map(|name| refused.members.get(name).cloned())
        };
        assert_eq!(named(Redeemer::Order(id)), [Some(serde_json::json!(id)), None]);
        let by = Redeemer::Subscription(SubscriptionId(id));
        assert_eq!(named(by), [None, Some(serde_json::json!(id))]);
    }
}
