//! Examples: a coupon that is claimed, and one whose units are gone.

use anyhow::Result;
use coupons::event::{ClaimedCoupon, CouponEvent};
use iso_currency::Currency;
use jiff::SignedDuration;
use shared::catalog::ShardCount;
use shared::core::event::Record;
use shared::core::money::Money;
use shared::coupons::{
    Benefit, Coupon, CouponClaimId, CouponDistribution, CouponDuration, CouponId, CouponScope, OnCancellation,
};
use shared::waiting_rooms::WaitingRoomId;
use uuid::Uuid;

/// One record of each event of coupons.
pub(super) fn events() -> Result<Vec<Record>> {
    let coupon_id = CouponId(Uuid::new_v8(*b"coupon example 1"));
    let customer_id = super::customer();
    let claimed = ClaimedCoupon {
        coupon_claim_id: CouponClaimId::of(coupon_id, &customer_id),
        coupon_id,
        customer_id,
        code_index: Some(678),
    };
    let now = super::now()?;
    let won = |amount| Money::new(amount, Currency::KRW);
    // With each optional field that it can have.
    let exhausted = Coupon {
        coupon_id,
        name: "Opening week: 15 % off".to_owned(),
        currency: Currency::KRW,
        benefit: Benefit::Percent {
            percent: 15,
            at_most: Some(won(10_000)?),
        },
        minimum_subtotal: Some(won(30_000)?),
        scope: Some(CouponScope {
            skus: vec!["tea-sencha-100g".to_owned().try_into()?],
            ..CouponScope::default()
        }),
        distribution: CouponDistribution::Claim,
        revoked_codes: vec![],
        total: Some(10_000),
        shards: Some(ShardCount::SIXTEEN),
        claims_start_at: now - SignedDuration::from_hours(1),
        claims_end_at: now + SignedDuration::from_hours(7 * 24),
        redeemable_until: now + SignedDuration::from_hours(30 * 24),
        on_cancellation: OnCancellation::Returned,
        duration: CouponDuration::default(),
        exhausted_at: Some(now),
        waiting_room_id: Some(WaitingRoomId(Uuid::new_v8(*b"coupon example 9"))),
        created_at: now - SignedDuration::from_hours(48),
        updated_at: now - SignedDuration::from_hours(24),
    };
    let events = [
        CouponEvent::CouponClaimed(claimed),
        CouponEvent::CouponExhausted(exhausted),
    ];
    super::records(&events, |_| now)
}
