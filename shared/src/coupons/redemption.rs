//! The redemption of a claim by an order.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::core::error::Rejection;
use crate::core::identity::CustomerId;
use crate::core::money::Money;
use crate::coupons::{Coupon, CouponClaim, CouponClaimId, CouponClaimStatus, NoDiscount, reason};

/// A claim that an order redeems, and its coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The claim.
    pub claim: CouponClaim,
    /// The coupon. Its terms never change.
    pub coupon: Arc<Coupon>,
}

/// Why an order cannot redeem a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRedeemable {
    /// The customer has no such claim.
    NotFound,
    /// The time to redeem it is over.
    Expired {
        /// The time at which it ended.
        ended_at: Timestamp,
    },
    /// Another order has it.
    InUse {
        /// The order.
        order_id: Uuid,
    },
    /// The coupon takes nothing off the order.
    NotApplicable,
    /// The eligible lines cost too little.
    MinimumNotReached {
        /// What they have to cost.
        minimum: Money,
        /// What they cost.
        subtotal: Money,
    },
    /// The order has another currency than the coupon.
    CurrencyDiffers {
        /// The currency of the coupon.
        coupon_currency: String,
    },
}

impl CouponClaim {
    /// Checks that an order of `customer` can redeem the claim at `now`. `own` are the orders that may have it already: the order
    /// itself, and the one that it replaces.
    ///
    /// # Errors
    /// [`NotRedeemable::NotFound`] for another customer's claim, [`NotRedeemable::InUse`], [`NotRedeemable::Expired`].
    pub fn require_redeemable(&self, customer: &CustomerId, own: &[Uuid], now: Timestamp) -> Result<(), NotRedeemable> {
        if self.customer_id != *customer {
            return Err(NotRedeemable::NotFound);
        }
        match (self.clone().as_of(now).status, self.order_id) {
            (CouponClaimStatus::Expired, _) => Err(NotRedeemable::Expired {
                ended_at: self.redeemable_until,
            }),
            (CouponClaimStatus::Redeemed, Some(order_id)) if !own.contains(&order_id) => {
                Err(NotRedeemable::InUse { order_id })
            }
            (CouponClaimStatus::Issued | CouponClaimStatus::Redeemed, _) => Ok(()),
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
            Self::InUse { order_id } => {
                let detail = format!("The order {order_id} has redeemed the coupon. Order without it.");
                let members = reason::CouponInUse {
                    coupon_claim_id,
                    order_id,
                };
                Rejection::with(members, detail)
            }
            Self::NotApplicable => {
                let detail = "The coupon takes nothing off these items. Order without it to keep it.";
                Rejection::with(reason::CouponNotApplicable { coupon_claim_id }, detail)
            }
            Self::MinimumNotReached { minimum, subtotal } => {
                let detail = format!("The coupon needs eligible items for {minimum}; these are {subtotal}.");
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
    use crate::coupons::CouponId;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_claim_is_redeemed_by_its_customer_in_time_and_by_one_order() {
        let (ann, bob) = (CustomerId::new("ann"), CustomerId::new("bob"));
        let coupon_id = CouponId(Uuid::from_u128(1));
        let (mine, other) = (Uuid::from_u128(2), Uuid::from_u128(3));
        let issued = CouponClaim {
            coupon_claim_id: CouponClaimId::of(coupon_id, &ann),
            coupon_id,
            customer_id: ann.clone(),
            status: CouponClaimStatus::Issued,
            order_id: None,
            code_index: None,
            claimed_at: second(0),
            redeemable_until: second(100),
        };
        let redeemed = CouponClaim {
            status: CouponClaimStatus::Redeemed,
            order_id: Some(mine),
            ..issued.clone()
        };
        let ended_at = second(100);
        for (claim, customer, own, at, expected) in [
            (&issued, &ann, &[][..], 99, Ok(())),
            (&issued, &ann, &[], 100, Err(NotRedeemable::Expired { ended_at })),
            (&issued, &bob, &[], 0, Err(NotRedeemable::NotFound)),
            (&redeemed, &bob, &[], 0, Err(NotRedeemable::NotFound)),
            (&redeemed, &ann, &[mine], 0, Ok(())),
            (&redeemed, &ann, &[other, mine], 100, Ok(())),
            (
                &redeemed,
                &ann,
                &[other],
                0,
                Err(NotRedeemable::InUse { order_id: mine }),
            ),
            (&redeemed, &ann, &[], 0, Err(NotRedeemable::InUse { order_id: mine })),
        ] {
            let found = claim.require_redeemable(customer, own, second(at));
            assert_eq!(found, expected, "{claim:?} {own:?} at {at}");
        }
    }
}
