//! Examples: a coupon that is claimed, one whose units are gone, and the coupons of an order.

use anyhow::Result;
use coupons::event::{ClaimedCoupon, CouponEvent};
use iso_currency::Currency;
use jiff::SignedDuration;
use shared::catalog::ShardCount;
use shared::core::event::Record;
use shared::core::money::Money;
use shared::coupons::{
    Benefit, Coupon, CouponClaimId, CouponClass, CouponDistribution, CouponDuration, CouponId, CouponScope,
    OnCancellation, Redemption, Redemptions,
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
    // With each optional field that it can have.
    let exhausted = Coupon {
        minimum_subtotal: Some(won(30_000)?),
        scope: Some(CouponScope {
            skus: vec!["tea-sencha-100g".to_owned().try_into()?],
            ..CouponScope::default()
        }),
        total: Some(10_000),
        shards: Some(ShardCount::SIXTEEN),
        exhausted_at: Some(now),
        waiting_room_id: Some(WaitingRoomId(Uuid::new_v8(*b"coupon example 9"))),
        ..coupon(coupon_id, CouponClass::Seller)?
    };
    let events = [
        CouponEvent::CouponClaimed(claimed),
        CouponEvent::CouponExhausted(exhausted),
    ];
    super::records(&events, |_| now)
}

/// The redemption of a coupon of each class.
pub(super) fn redemptions() -> Result<Redemptions> {
    let ids = [*b"coupon example 1", *b"coupon example 2"];
    let redemptions = CouponClass::ALL.into_iter().zip(ids).map(|(class, id)| {
        let coupon = coupon(CouponId(Uuid::new_v8(id)), class)?;
        Ok(Redemption {
            coupon_claim_id: CouponClaimId::of(coupon.coupon_id, &super::customer()),
            coupon: coupon.into(),
        })
    });
    let redemptions = redemptions.collect::<Result<_>>()?;
    Redemptions::of(redemptions).map_err(|twice| anyhow::anyhow!("the example coupons are not combinable: {twice:?}"))
}

/// A coupon of this class, without a limit.
fn coupon(coupon_id: CouponId, class: CouponClass) -> Result<Coupon> {
    let now = super::now()?;
    let (name, benefit) = match class {
        CouponClass::Seller => {
            let at_most = Some(won(10_000)?);
            ("Opening week: 15 % off", Benefit::Percent { percent: 15, at_most })
        }
        CouponClass::Platform => ("Spring: 2,000 won off", Benefit::Fixed { amount: won(2000)? }),
    };
    Ok(Coupon {
        coupon_id,
        name: name.to_owned(),
        currency: Currency::KRW,
        class,
        benefit,
        minimum_subtotal: None,
        scope: None,
        distribution: CouponDistribution::Claim,
        revoked_codes: vec![],
        total: None,
        shards: None,
        claims_start_at: now - SignedDuration::from_hours(1),
        claims_end_at: now + SignedDuration::from_hours(7 * 24),
        redeemable_until: now + SignedDuration::from_hours(30 * 24),
        on_cancellation: OnCancellation::Returned,
        duration: CouponDuration::default(),
        waiting_room_id: None,
        revoked_at: None,
        exhausted_at: None,
        created_at: now - SignedDuration::from_hours(48),
        updated_at: now - SignedDuration::from_hours(24),
    })
}

fn won(amount: u64) -> Result<Money> {
    Ok(Money::new(amount, Currency::KRW)?)
}
