//! Coupons for tests.

use std::sync::Arc;

use iso_currency::Currency;
use jiff::Timestamp;
use uuid::Uuid;

use crate::core::identity::CustomerId;
use crate::coupons::{
    Benefit, Coupon, CouponClaimId, CouponClass, CouponDistribution, CouponDuration, CouponId, OnCancellation,
    Redemption,
};

/// A coupon of the seller, for everything.
pub(crate) fn coupon(benefit: Benefit, currency: Currency) -> Coupon {
    Coupon {
        coupon_id: CouponId(Uuid::from_u128(1)),
        name: "Opening week".to_owned(),
        currency,
        class: CouponClass::Seller,
        benefit,
        minimum_subtotal: None,
        scope: None,
        distribution: CouponDistribution::Claim,
        revoked_codes: vec![],
        total: None,
        shards: None,
        claims_start_at: second(0),
        claims_end_at: second(10),
        redeemable_until: second(20),
        on_cancellation: OnCancellation::Returned,
        duration: CouponDuration::default(),
        waiting_room_id: None,
        revoked_at: None,
        exhausted_at: None,
        created_at: second(0),
        updated_at: second(0),
    }
}

/// The redemption of a claim of `coupon`.
pub(crate) fn redemption(coupon: Coupon) -> Redemption {
    Redemption {
        coupon_claim_id: CouponClaimId::of(coupon.coupon_id, &CustomerId::new("ann")),
        coupon: Arc::new(coupon),
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
