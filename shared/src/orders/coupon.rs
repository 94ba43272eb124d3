//! The coupons of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, Order, OrderStatus};
use crate::core::money::{Money, MoneyError};
use crate::coupons::{CouponClaimId, CouponClass, CouponId, OnCancellation, Redemption, Redemptions};

/// A coupon that an order redeems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderCoupon {
    /// The coupon.
    pub coupon_id: CouponId,
    /// The customer's claim.
    pub coupon_claim_id: CouponClaimId,
    /// The coupon's class. An order has one coupon of each class.
    pub class: CouponClass,
    /// The discount by the coupon: the sum of its shares in the lines.
    pub discount: Money,
    /// The outcome for the coupon when the customer cancels the paid order.
    pub on_cancellation: OnCancellation,
    /// The time at which the customer got the coupon back. Absent while the order has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub returned_at: Option<Timestamp>,
}

/// The discount of a line by one of the order's coupons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponDiscount {
    /// The coupon's class.
    pub class: CouponClass,
    /// The amount of the discount.
    pub amount: Money,
}

impl OrderCoupon {
    /// The coupons of an order of `lines`, from which they have taken their discounts.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
    pub fn of(redemptions: &Redemptions, lines: &[Line]) -> Result<Vec<Self>, MoneyError> {
        let coupon = |redemption: &Redemption| {
            let coupon = &redemption.coupon;
            Ok(Self {
                coupon_id: coupon.coupon_id,
                coupon_claim_id: redemption.coupon_claim_id,
                class: coupon.class,
                discount: discount_of(coupon.class, Money::zero(coupon.currency), lines)?,
                on_cancellation: coupon.on_cancellation,
                returned_at: None,
            })
        };
        redemptions.iter().map(coupon).collect()
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

/// The discount of the coupon of a class on all lines, added to `zero`, which has their currency.
///
/// # Errors
/// [`MoneyError::OutOfRange`] and [`MoneyError::CurrenciesMixed`].
pub(super) fn discount_of(class: CouponClass, zero: Money, lines: &[Line]) -> Result<Money, MoneyError> {
    let shares = lines.iter().flat_map(|line| &line.coupon_discounts);
    let mut of_class = shares.filter(|share| share.class == class);
    of_class.try_fold(zero, |sum, share| sum.plus(share.amount))
}

impl Order {
    /// The claims that the order has: those of its coupons that were not given back.
    pub fn claims(&self) -> impl Iterator<Item = CouponClaimId> {
        let kept = self.coupons.iter().filter(|coupon| coupon.returned_at.is_none());
        kept.map(|coupon| coupon.coupon_claim_id)
    }

    /// Whether the order still has this claim at `now`. An unpaid order whose deadline has passed does not keep it.
    pub fn keeps_claim(&self, claim: CouponClaimId, now: Timestamp) -> bool {
        let is_past = self.clone().as_of(now).status == OrderStatus::Expired;
        self.claims().any(|kept| kept == claim) && !is_past
    }

    /// The claims that the order has, and `next`, which follows on it, has not.
    pub fn claims_given_back_by(&self, next: &Self) -> impl Iterator<Item = CouponClaimId> {
        self.claims()
            .filter(move |claim| !next.claims().any(|kept| kept == *claim))
    }
}
