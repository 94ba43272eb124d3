//! Reasons to reject a request that concerns coupons.

use jiff::Timestamp;
use uuid::Uuid;

use crate::core::id::SubscriptionId;
use crate::core::money::Money;
use crate::coupons::{CouponClaimId, CouponClass};

crate::reasons! {
    COUPON_NOT_OPEN = Conflict "coupon-not-open" "The coupon cannot be claimed yet" CouponNotOpen {
        /// The time from which it can be claimed.
        claims_start_at: Timestamp,
    };
    COUPON_EXHAUSTED = Conflict "coupon-exhausted" "All units of the coupon are claimed";
    COUPON_EXPIRED = Conflict "coupon-expired" "The time of the coupon is over" CouponExpired {
        /// The customer's claim of the coupon. Absent for a coupon that can no longer be claimed.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        coupon_claim_id: Option<CouponClaimId>,
        /// The time at which it ended.
        ended_at: Timestamp,
    };
    /// Send the `coupon_claim_id` of one of the customer's claims.
    COUPON_NOT_FOUND = Unprocessable "coupon-not-found" "The customer has no such coupon" CouponNotFound {
        /// The id that was sent.
        coupon_claim_id: CouponClaimId,
    };
    /// The coupon can be redeemed again once it goes back: if that order is not paid, or if its cancellation returns the coupon; if
    /// that subscription ends before a charge was paid with the coupon.
    COUPON_IN_USE = Conflict "coupon-in-use" "An order or a subscription has the coupon" CouponInUse {
        /// The customer's claim of the coupon.
        coupon_claim_id: CouponClaimId,
        /// The order. Absent if a subscription has it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        order_id: Option<Uuid>,
        /// The subscription. Absent if an order has it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        subscription_id: Option<SubscriptionId>,
    };
    /// No line is in the coupon's scope, or the discount would be 0, such as when another coupon has taken everything off. The coupon
    /// stays unused.
    COUPON_NOT_APPLICABLE = Unprocessable "coupon-not-applicable" "The coupon takes nothing off this order" CouponNotApplicable {
        /// The customer's claim of the coupon.
        coupon_claim_id: CouponClaimId,
    };
    /// An order takes one coupon of each class.
    COUPONS_NOT_COMBINABLE = Unprocessable "coupons-not-combinable" "The coupons cannot be combined" CouponsNotCombinable {
        /// The class of two of them. Absent if a claim is named twice, or more than two are.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        class: Option<CouponClass>,
    };
    COUPON_MINIMUM_NOT_REACHED = Unprocessable "coupon-minimum-not-reached" "The order is too small for the coupon" CouponMinimumNotReached {
        /// The customer's claim of the coupon.
        coupon_claim_id: CouponClaimId,
        /// The price that the eligible lines have to reach before the discount.
        minimum_subtotal: Money,
        /// The price of the eligible lines, less the discount of a coupon that applies before.
        eligible_subtotal: Money,
    };
    COUPON_CURRENCY_DIFFERS = Unprocessable "coupon-currency-differs" "The coupon is for another currency" CouponCurrencyDiffers {
        /// The customer's claim of the coupon.
        coupon_claim_id: CouponClaimId,
        /// The currency of the coupon.
        coupon_currency: String,
    };
}
