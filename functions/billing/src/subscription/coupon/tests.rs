//! Tests of the coupon of a subscription.

use jiff::civil::{Time, date};
use proptest::prelude::*;
use shared::core::calendar::{Interval, Schedule, Timezone, Unit};
use shared::core::id::SubscriptionId;
use shared::core::identity::CustomerId;
use shared::payments::Provider;
use shared::payments::provider::Card;
use uuid::Uuid;

use super::*;
use crate::subscription::{SubscriptionStatus, SubscriptionTransition as Transition};

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A daily subscription with a coupon that counts for so many charges.
fn subscription(charges_left: Option<u32>) -> Subscription {
    let coupon_id = CouponId(Uuid::from_u128(1));
    let customer_id = CustomerId::new("ann");
    let schedule = Schedule {
        anchor: date(2026, 1, 1),
        time: Time::midnight(),
        timezone: Timezone::parse("UTC").unwrap(),
        interval: Interval::new(Unit::Day, 1).unwrap(),
    };
    Subscription {
        subscription_id: SubscriptionId(Uuid::from_u128(2)),
        status: SubscriptionStatus::Active,
        items: vec![],
        shipping_method: None,
        destination: None,
        next_period: 0,
        next_at: schedule.due_at(0),
        schedule,
        provider: Provider::Toss,
        card: Card {
            company: "bank".to_owned(),
            number: "1".to_owned(),
        },
        open_period: None,
        ends_with_period: false,
        ends_at: None,
        skipped: None,
        coupon: Some(SubscriptionCoupon {
            coupon_id,
            coupon_claim_id: CouponClaimId::of(coupon_id, &customer_id),
            charges_used: 0,
            charges_left,
            returned_at: None,
        }),
        customer_id,
        needs_card: false,
        started_at: second(0),
        past_due_at: None,
        cancelled_at: None,
    }
}

fn after(subscription: &Subscription, steps: &[Transition]) -> Subscription {
    let step =
        |subscription: Subscription, step: &Transition| subscription.transition(step.clone(), second(9)).unwrap();
    steps.iter().fold(subscription.clone(), step)
}

const PAID: Transition = Transition::CompletePeriod { with_coupon: true };

#[test]
fn a_coupon_counts_for_its_charges_and_not_for_one_more() {
    let first = subscription(Some(2));
    for (charges, is_active) in [(0, true), (1, true), (2, false)] {
        let steps: Vec<_> = (0..charges).flat_map(|_| [Transition::Bill, PAID]).collect();
        let coupon = after(&first, &steps).coupon.unwrap();
        assert_eq!((coupon.charges_used, coupon.is_active()), (charges, is_active));
    }
    let forever = after(&subscription(None), &[Transition::Bill, PAID]).coupon.unwrap();
    assert_eq!((forever.charges_used, forever.is_active()), (1, true));
}

#[test]
fn a_charge_that_is_given_up_or_that_the_coupon_takes_nothing_off_does_not_count() {
    for close in [
        Transition::ClosePeriod,
        Transition::CompletePeriod { with_coupon: false },
    ] {
        let first = subscription(Some(1));
        let closed = after(&first, &[Transition::Bill, close]);
        assert_eq!(closed.coupon, first.coupon);
    }
}

#[test]
fn a_subscription_that_ends_before_a_charge_was_paid_gives_its_coupon_back() {
    let first = subscription(Some(1));
    let ended = after(&first, &[Transition::Cancel]);
    assert_eq!(ended.coupon.unwrap().returned_at, Some(second(9)));
    assert_eq!(first.claim_given_back_by(&ended), first.claim());
    assert!(!ended.coupon.unwrap().is_active());

    let used = after(&first, &[Transition::Bill, PAID, Transition::Cancel]);
    assert_eq!((used.claim(), used.coupon.unwrap().returned_at), (first.claim(), None));
}

#[test]
fn while_a_charge_is_in_progress_the_subscription_keeps_the_coupon() {
    let charging = after(&subscription(Some(1)), &[Transition::Bill, Transition::Cancel]);
    assert_eq!(charging.coupon.unwrap().returned_at, None);
    let closed = charging.transition(Transition::ClosePeriod, second(10)).unwrap();
    assert_eq!(closed.coupon.unwrap().returned_at, Some(second(10)));
}

proptest! {
    #[test]
    fn a_coupon_counts_paid_charges_and_goes_back_once_and_only_unused(
        total in prop::option::of(1..4u32),
        steps in prop::collection::vec((0..8u8, any::<bool>()), 1..60),
    ) {
        let mut subscription = subscription(total);
        let (mut paid, mut returned, mut discounted) = (0, 0, false);
        for (at, (step, luck)) in (0..).zip(steps) {
            let is_open = subscription.open_period.is_some();
            let step = match step {
                0..=2 => Transition::Bill,
                3..=4 if is_open && subscription.status != SubscriptionStatus::Cancelled => {
                    Transition::CompletePeriod { with_coupon: discounted }
                }
                5 if is_open => Transition::ClosePeriod,
                6 => if luck { Transition::Pause } else { Transition::Resume },
                7 if luck => Transition::Cancel,
                _ => Transition::SetItems(vec![], None, None),
            };
            let Ok(next) = subscription.transition(step.clone(), second(at)) else { continue };
            match step {
                Transition::Bill => discounted = luck && subscription.coupon.unwrap().is_active(),
                Transition::CompletePeriod { with_coupon: true } => paid += 1,
                _ => {}
            }
            returned += u32::from(subscription.claim_given_back_by(&next).is_some());
            subscription = next;
            let coupon = subscription.coupon.unwrap();
            prop_assert_eq!(coupon.charges_used, paid);
            prop_assert_eq!(coupon.charges_left, total.map(|total| total - paid));
            let is_over = subscription.status == SubscriptionStatus::Cancelled && subscription.open_period.is_none();
            prop_assert_eq!(coupon.returned_at.is_some(), is_over && paid == 0);
            prop_assert_eq!(returned, u32::from(coupon.returned_at.is_some()));
        }
    }
}
