//! The discount that the coupon of a subscription gives on one of its charges.

use serde::{Deserialize, Serialize};
use shared::core::money::Money;
use shared::coupons::{CouponClaimId, CouponId, NotRedeemable, Redemption};
use shared::orders::Quote;
use utoipa::ToSchema;

/// The coupon of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceCoupon {
    /// The coupon.
    pub coupon_id: CouponId,
    /// The customer's claim.
    pub coupon_claim_id: CouponClaimId,
    /// The discount by the coupon: the sum of the lines' discounts. 0 if it takes nothing off.
    pub discount: Money,
    /// The reason for which the coupon takes nothing off. Absent if it does. Such a charge is none of those that the
    /// coupon counts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub not_applied: Option<NotApplied>,
}

/// The reason for which a coupon takes nothing off a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotApplied {
    /// No line is in the coupon's scope, or the discount would be 0.
    NotApplicable,
    /// The eligible lines cost less than the coupon needs.
    MinimumNotReached,
    /// The lines have another currency than the coupon.
    CurrencyDiffers,
    /// The provider does not take what would be left, such as less than its minimum.
    AmountNotTaken,
}

impl From<&NotRedeemable> for NotApplied {
    fn from(refused: &NotRedeemable) -> Self {
        match refused {
            NotRedeemable::MinimumNotReached { .. } => Self::MinimumNotReached,
            NotRedeemable::CurrencyDiffers { .. } => Self::CurrencyDiffers,
            // The subscription has the claim, so the others do not occur.
            NotRedeemable::NotApplicable
            | NotRedeemable::NotFound
            | NotRedeemable::Expired { .. }
            | NotRedeemable::InUse { .. } => Self::NotApplicable,
        }
    }
}

/// The price of a period, and the coupon in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The lines and totals, less the discount.
    pub quote: Quote,
    /// The coupon. `None` if the subscription has none that counts for the period.
    pub coupon: Option<InvoiceCoupon>,
}

/// A price without a coupon.
impl From<Quote> for Price {
    fn from(quote: Quote) -> Self {
        Self { quote, coupon: None }
    }
}

impl Price {
    /// The price in `quote`, which is less the coupon of `redemption`; or is not, and `not_applied` says why.
    pub fn with_coupon(quote: Quote, redemption: &Redemption, not_applied: Option<NotApplied>) -> Self {
        let coupon = InvoiceCoupon {
            coupon_id: redemption.coupon.coupon_id,
            coupon_claim_id: redemption.coupon_claim_id,
            discount: quote.totals.discount,
            not_applied,
        };
        Self {
            quote,
            coupon: Some(coupon),
        }
    }
}
