//! Tests of refunds: the sums and the owed amount after any sequence of reports and decisions.

use iso_currency::Currency;
use proptest::prelude::*;

use crate::core::identity::CustomerId;
use crate::orders::OrderId;
use crate::payments::Provider;
use crate::payments::refund::*;

fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A charged payment of 1,000 won.
fn paid() -> Payment {
    Payment {
        status: PaymentStatus::Paid,
        ..Payment::new(
            Provider::Toss,
            "this".into(),
            OrderId(Uuid::nil()),
            CustomerId::new("ann"),
            won(1000),
            second(0),
        )
    }
}

fn with_pending(payment: &Payment, reason: RefundReason, amount: Option<u64>) -> Payment {
    let refund_id = Uuid::from_u128(payment.refunds.len() as u128);
    payment
        .with_refund(refund_id, amount.map(won), reason, None, second(1))
        .unwrap()
}

fn refused(payment: &Payment, reason: RefundReason, amount: Option<u64>) -> Payment {
    let no = Failure::new("NOT_ENOUGH_BALANCE", "The shop's balance is too low.");
    with_pending(payment, reason, amount).refund_refused(&no, second(2))
}

/// The payment after the provider reports `refunded` as the sum of its refunds.
fn with_reported_refund(payment: &Payment, refunded: u64) -> Payment {
    let mut payment = payment.clone();
    payment.take_over_refunds(won(refunded), second(3));
    payment
}

fn retried(payment: &Payment) -> Option<u64> {
    let requested = payment.with_refused_again(Uuid::max(), second(4)).unwrap()?;
    requested.pending_refund().map(|refund| refund.amount.amount())
}

fn refunded_sum(payment: &Payment) -> u64 {
    let done = payment.refunds.iter().filter(|refund| refund.done_at.is_some());
    done.map(|refund| refund.amount.amount()).sum()
}

#[test]
fn money_that_pays_its_order_after_all_is_not_owed_after_a_refused_refund() {
    let unservable = Payment {
        status: PaymentStatus::Unservable,
        ..refused(&paid(), RefundReason::Unservable, None)
    };
    let both = refused(&unservable, RefundReason::Requested, Some(400));
    let served = |payment: Payment| Payment {
        status: PaymentStatus::Paid,
        ..payment
    };
    assert_eq!(retried(&both), Some(1000));
    assert_eq!(retried(&served(both)), Some(400));
    assert_eq!(retried(&served(unservable)), None);
}

#[test]
fn the_rest_of_a_cancelled_orders_money_is_owed_after_a_partial_refund() {
    let refused = refused(&paid(), RefundReason::OrderCancelled, None);
    assert!(!refused.owes_refund(), "it is in review");
    let part = with_pending(&refused, RefundReason::Requested, Some(400));
    assert!(!part.owes_refund(), "a refund is pending");
    for after in [with_reported_refund(&part, 400), part.given_back(second(3)).unwrap()] {
        assert!(after.owes_refund(), "{after:?}");
        assert_eq!(retried(&after), Some(600));
        assert_eq!(
            after.next_check_at(second(3), 0, second(0), true),
            Some(second(63)),
            "soon, although it was compared"
        );
    }
}

#[test]
fn a_refused_refund_that_is_made_at_the_provider_in_parts_counts_once() {
    let refused = refused(&paid(), RefundReason::Requested, Some(400));
    let part = with_reported_refund(&refused, 250);
    assert_eq!(retried(&part), Some(150));
    assert_eq!(
        part.review.as_ref().unwrap().owed,
        Some(won(150)),
        "the review has the rest"
    );
    assert_eq!(part.given_back(second(4)).unwrap().refunded, won(400));
    let whole = with_reported_refund(&part, 400);
    assert_eq!((retried(&whole), whole.given_back(second(4))), (None, None));
    assert_eq!((&whole.review, refunded_sum(&whole)), (&None, 400));
    assert_eq!(whole.refundable(), won(600));
}

#[test]
fn a_review_has_the_amount_that_is_owed_now_whatever_its_reason() {
    let refused = refused(&paid(), RefundReason::OrderCancelled, None);
    let silent =
        with_pending(&refused, RefundReason::Requested, Some(400)).in_review("The provider is silent.", second(3));
    let owed = |payment: &Payment| payment.review.as_ref().unwrap().owed;
    assert_eq!(owed(&silent), Some(won(400)));
    assert_eq!(owed(&with_reported_refund(&silent, 400)), Some(won(600)));
}

#[test]
fn a_waived_refund_is_not_owed_when_a_later_refund_is_refused() {
    let settled = refused(&paid(), RefundReason::OrderCancelled, None).settled();
    assert_eq!((settled.owes_refund(), retried(&settled)), (false, None));
    assert_eq!(
        retried(&refused(&settled, RefundReason::Requested, Some(200))),
        Some(200)
    );
}

#[test]
fn each_refund_made_at_the_provider_has_its_own_id() {
    let unservable = Payment {
        status: PaymentStatus::Unservable,
        ..paid()
    };
    let given_back = with_reported_refund(&unservable, 300).given_back(second(4)).unwrap();
    assert_ne!(given_back.refunds[0].refund_id, given_back.refunds[1].refund_id);
}

proptest! {
    /// For any order of reports and decisions: the refunded sum never exceeds the charged amount and never decreases, the
    /// completed refunds add up to it, and the owed money of a cancelled order is pending, in review or due for a retry
    /// until all is refunded or a person waives it.
    #[test]
    fn refunds_add_up_and_nothing_owed_is_forgotten_in_any_order(
        is_cancelled: bool,
        steps in prop::collection::vec((0..6u8, 0..=1200u64), 1..24),
    ) {
        let mut present = match is_cancelled {
            true => refused(&paid(), RefundReason::OrderCancelled, None),
            false => paid(),
        };
        let mut is_owed = is_cancelled;
        for (n, (step, sum)) in steps.into_iter().enumerate() {
            let (now, id) = (second(n as i64), Uuid::from_u128(n as u128));
            let before = present.clone();
            let next = match step {
                0 => present.with_refund(id, Some(won(sum)), RefundReason::Requested, None, now).ok(),
                1 => present.pending_refund().map(|_| present.refund_refused(&Failure::new("NO", "No."), now)),
                2 => present.with_refused_again(id, now).unwrap(),
                3 => present.given_back(now),
                4 if present.pending_refund().is_none() => {
                    is_owed = false;
                    Some(present.settled())
                }
                _ => {
                    let sum = sum.min(1000);
                    let after = with_reported_refund(&present, sum);
                    prop_assert_eq!(after.refunded.amount(), present.refunded.amount().max(sum));
                    Some(after)
                }
            };
            present = next.unwrap_or(present);
            prop_assert!(present.refunded.amount() >= before.refunded.amount());
            prop_assert_eq!(refunded_sum(&present), present.refunded.amount());
            let pending = present.pending_refund().map_or(0, |refund| refund.amount.amount());
            prop_assert!(pending + present.refunded.amount() <= 1000);
            prop_assert_eq!(present.status == PaymentStatus::Refunded, present.refunded.amount() == 1000);
            is_owed &= present.refunded.amount() < 1000;
            let is_seen_to = present.review.is_some() || present.pending_refund().is_some() || present.owes_refund();
            prop_assert!(!is_owed || is_seen_to, "{:?}", present);
            let told = present.review.as_ref().map(|review| review.owed);
            prop_assert!(told.is_none_or(|told| told == present.to_give_back()), "{:?}", present);
        }
    }
}
