//! Tests of refunds: what is owed after refusals, reports and decisions.

use iso_currency::Currency;

use crate::core::identity::CustomerId;
use crate::orders::{Order, OrderId, OrderStatus, example};
use crate::payments::refund::*;
use crate::payments::tests::staff;
use crate::payments::{Decision, Provider, ProviderStatus, Report};

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
        .with_refund(refund_id, amount.map(won), reason, None, &staff(), second(1))
        .unwrap()
}

fn refused(payment: &Payment, reason: RefundReason, amount: Option<u64>) -> Payment {
    let no = Failure::new("NOT_ENOUGH_BALANCE", "The shop's balance is too low.");
    with_pending(payment, reason, amount).refund_refused(&no, second(2))
}

/// The payment after the provider reports `refunded` as the sum of its refunds.
fn reported(payment: &Payment, refunded: u64, current: bool) -> Payment {
    let report = Report {
        refunded: won(refunded),
        ..Report::on(payment, ProviderStatus::Charged)
    };
    let effect = payment.after(&report, &order(), current, second(3));
    effect.change().map_or_else(|| payment.clone(), |change| change.payment)
}

/// The order that the payment has paid.
fn order() -> Order {
    Order {
        payment_id: Some(paid().payment_id),
        paid_at: Some(second(0)),
        ..example::order(OrderStatus::Paid, 1000)
    }
}

fn with_reported_refund(payment: &Payment, refunded: u64) -> Payment {
    reported(payment, refunded, false)
}

fn retried(payment: &Payment) -> Option<u64> {
    let requested = payment.with_retried_refund(Uuid::max(), &staff(), second(4)).unwrap()?;
    requested.pending_refund().map(|refund| refund.amount.amount())
}

/// The sum that is owed for each matter in review.
fn owed(payment: &Payment) -> Vec<u64> {
    let owed = payment.reviews.iter().filter_map(|review| review.owed);
    owed.map(Money::amount).collect()
}

/// The payment after a decision about its first matter.
fn decided(payment: &Payment, decision: Decision) -> Payment {
    let review = &payment.reviews[0];
    let decided = payment.with_decision(
        review.review_id,
        decision,
        review.owed,
        Uuid::max(),
        &staff(),
        second(5),
    );
    decided.unwrap().payment
}

fn refunded_sum(payment: &Payment) -> u64 {
    let done = payment.refunds.iter().filter(|refund| refund.is_done());
    done.map(|refund| refund.amount.amount()).sum()
}

#[test]
fn the_rest_of_a_cancelled_orders_money_is_owed_after_a_partial_refund() {
    let refused = refused(&paid(), RefundReason::OrderCancelled, None);
    assert!(!refused.owes_refund(), "it is in review");
    let part = with_pending(&refused, RefundReason::Requested, Some(400));
    assert!(!part.owes_refund(), "a refund is pending");
    let after = with_reported_refund(&part, 400);
    assert!(after.owes_refund(), "{after:?}");
    assert_eq!(retried(&after), Some(600));
    let next = after.next_check_at(second(3), 0, second(0), true);
    assert_eq!(next, Some(second(63)), "soon, although it was compared");
}

#[test]
fn a_refused_refund_that_is_made_at_the_provider_in_parts_counts_once() {
    let refused = refused(&paid(), RefundReason::Requested, Some(400));
    let part = with_reported_refund(&refused, 250);
    assert_eq!(owed(&part), [150], "the review has the rest");
    assert_eq!(decided(&part, Decision::GivenBack).refunded, won(400));
    let whole = with_reported_refund(&part, 400);
    assert_eq!(
        (retried(&whole), whole.is_in_review(), refunded_sum(&whole)),
        (None, false, 400)
    );
    assert_eq!(whole.refundable(), won(600));
}

#[test]
fn the_rest_of_a_refused_refund_waits_for_the_same_decision() {
    let part = refused(
        &refused(&paid(), RefundReason::OrderCancelled, None),
        RefundReason::Requested,
        Some(400),
    );
    assert_eq!((owed(&part), part.owes_refund()), (vec![1000], false));
    let again = decided(&part, Decision::AskAgain);
    assert_eq!(again.pending_refund().unwrap().amount, won(1000));
    assert_eq!(decided(&part, Decision::GivenBack).refunded, won(1000));
    let settled = decided(&part, Decision::Settled);
    assert_eq!((settled.owed(), settled.is_in_review()), (won(0), false));
}

#[test]
fn a_silent_provider_is_a_matter_of_its_own() {
    let pending = with_pending(&paid(), RefundReason::Requested, Some(400));
    let silent = pending.with_unknown_outcome(second(3));
    assert_eq!(owed(&silent), [400]);
    assert!(!silent.can_make_refund());
    assert!(decided(&silent, Decision::AskAgain).can_make_refund());
    let given = decided(&silent, Decision::GivenBack);
    assert_eq!((given.refunded, given.refunded_by_provider()), (won(400), won(0)));
    // The provider had made it after all.
    let heard = with_reported_refund(&given, 400);
    assert_eq!((heard.refunded, heard.refunded_by_provider()), (won(400), won(400)));
    let settled = decided(&silent, Decision::Settled);
    assert_eq!(
        (settled.owed(), settled.refunds[0].status),
        (won(0), RefundStatus::Waived)
    );
}

#[test]
fn a_waived_refund_is_not_owed_when_a_later_refund_is_refused() {
    let waived = decided(&refused(&paid(), RefundReason::OrderCancelled, None), Decision::Settled);
    assert_eq!((waived.owes_refund(), retried(&waived)), (false, None));
    assert_eq!(owed(&refused(&waived, RefundReason::Requested, Some(200))), [200]);
}

#[test]
fn a_smaller_sum_lowers_what_is_refunded_only_if_it_is_current() {
    let made = with_reported_refund(&with_pending(&paid(), RefundReason::Requested, Some(750)), 750);
    assert_eq!(reported(&made, 0, false), made, "an old report");
    let failed = reported(&made, 0, true);
    assert_eq!((failed.refunded, failed.refundable()), (won(0), won(1000)));
    assert_eq!(
        (failed.refunds[0].status, owed(&failed)),
        (RefundStatus::Failed, vec![750])
    );
    let again = with_pending(&failed, RefundReason::Requested, None);
    assert_eq!(again.pending_refund().unwrap().amount, won(1000));
    assert!(!again.is_in_review(), "the request is the decision");
}

#[test]
fn the_failed_full_refund_of_a_cancelled_order_is_owed() {
    let refunded = with_reported_refund(&with_pending(&paid(), RefundReason::OrderCancelled, None), 1000);
    assert_eq!(refunded.status, PaymentStatus::Refunded);
    let failed = reported(&refunded, 0, true);
    assert_eq!(
        (failed.status, failed.owed(), owed(&failed)),
        (PaymentStatus::Paid, won(1000), vec![1000])
    );
}

#[test]
fn money_given_back_by_hand_is_not_in_the_providers_sum() {
    let refused = refused(&paid(), RefundReason::Requested, Some(400));
    let given = decided(&refused, Decision::GivenBack);
    assert_eq!(
        reported(&given, 0, true),
        given,
        "a present sum without it is no failure"
    );
    let more = with_reported_refund(&with_pending(&given, RefundReason::Requested, Some(100)), 100);
    assert_eq!((more.refunded, more.refunds.len()), (won(500), 2));
    let whole = with_reported_refund(&more, 1000);
    assert_eq!(
        (whole.refunded, refunded_sum(&whole)),
        (won(1000), 1000),
        "never more than the charge"
    );
}

#[test]
fn each_refund_made_at_the_provider_has_its_own_id() {
    let refunded = with_reported_refund(&with_reported_refund(&paid(), 300), 700);
    assert_ne!(refunded.refunds[0].refund_id, refunded.refunds[1].refund_id);
}

#[test]
fn a_payment_never_has_more_refunds_than_its_limit() {
    let mut payment = paid();
    for sum in 1..=60 {
        payment = with_reported_refund(&payment, sum);
    }
    assert_eq!(
        (payment.refunds.len(), payment.refunded, refunded_sum(&payment)),
        (MAX_REFUNDS, won(60), 60)
    );
    let mut payment = paid();
    for nth in 1..MAX_REFUNDS as u64 {
        payment = with_reported_refund(&with_pending(&payment, RefundReason::Requested, Some(1)), nth);
    }
    let part = payment.with_refund(
        Uuid::max(),
        Some(won(1)),
        RefundReason::Requested,
        None,
        &staff(),
        second(9),
    );
    assert_eq!(part, Err(Rejected::TooManyRefunds));
    let rest = with_reported_refund(&with_pending(&payment, RefundReason::Requested, None), 1000);
    assert_eq!(
        (rest.refunds.len(), rest.status),
        (MAX_REFUNDS, PaymentStatus::Refunded)
    );
    let failed = reported(&rest, 49, true);
    assert_eq!(owed(&failed), [951]);
    let again = decided(&failed, Decision::AskAgain);
    assert_eq!(
        (again.refunds.len(), again.pending_refund().unwrap().amount),
        (MAX_REFUNDS, won(951))
    );
}

#[test]
fn units_are_not_refunded_while_the_bank_has_money_of_the_payment_or_another_refund_is_owed() {
    assert_eq!(paid().require_refundable_by_line(), Ok(()));
    let withdrawn = Payment {
        withdrawn: Some(won(300)),
        ..paid()
    };
    assert_eq!(withdrawn.require_refundable_by_line(), Err(Rejected::InReview));
    let pending = with_pending(&paid(), RefundReason::LinesCancelled, Some(300));
    assert_eq!(pending.require_refundable_by_line(), Err(Rejected::RefundUnderWay));
    let mut owed = pending;
    owed.refunds[0].status = RefundStatus::Refused;
    assert!(owed.owes_refund());
    assert_eq!(owed.require_refundable_by_line(), Err(Rejected::RefundUnderWay));
}

#[test]
fn a_refund_that_is_requested_again_has_its_untaxed_part_unless_its_amount_is_another() {
    let pending = with_pending(&paid(), RefundReason::LinesCancelled, Some(300)).with_untaxed_part(won(200));
    let no = Failure::new("NOT_ENOUGH_BALANCE", "The shop's balance is too low.");
    let refused = pending.refund_refused(&no, second(2));
    let again = refused.with_refund_of(&refused.reviews[0], Uuid::max(), &staff(), second(3));
    let again = again.unwrap().unwrap();
    assert_eq!(again.pending_refund().unwrap().untaxed, Some(won(200)));
    let mut part = pending.refunds[0].clone();
    part.reduce(won(100));
    assert_eq!(
        (part.amount, part.untaxed),
        (won(200), None),
        "it is not known of which part"
    );
}

#[test]
fn a_refund_that_staff_request_in_place_of_a_refused_one_of_units_keeps_its_parts() {
    let no = Failure::new("NOT_ENOUGH_BALANCE", "The shop's balance is too low.");
    for reason in [
        RefundReason::LinesCancelled,
        RefundReason::Returned,
        RefundReason::Delivery,
    ] {
        let pending = with_pending(&paid(), reason, Some(300)).with_untaxed_part(won(200));
        let refused = pending.refund_refused(&no, second(2));
        let requested = |amount| {
            let amount = Some(won(amount));
            let next = refused.with_refund(Uuid::max(), amount, RefundReason::Requested, None, &staff(), second(3));
            let next = next.unwrap().pending_refund().unwrap().clone();
            (next.amount, next.reason, next.untaxed)
        };
        assert_eq!(requested(300), (won(300), reason, Some(won(200))));
        assert_eq!(
            requested(500),
            (won(500), RefundReason::Requested, Some(won(200))),
            "the rest names no units"
        );
        assert_eq!(
            requested(100),
            (won(100), reason, None),
            "it is not known of which part"
        );
    }
}

#[test]
fn a_refund_in_place_of_several_has_what_is_not_taxed_of_all_of_them() {
    let no = Failure::new("NOT_ENOUGH_BALANCE", "The shop's balance is too low.");
    let mut payment = paid();
    for (nth, amount) in [300, 200].into_iter().enumerate() {
        let id = Uuid::from_u128(10 + nth as u128);
        let mut refund = Refund::new(
            id,
            won(amount),
            RefundReason::Returned,
            RefundStatus::Refused,
            second(1),
        );
        refund.untaxed = Some(won(amount / 2));
        payment.refunds.push(refund);
    }
    let retried = payment.with_retried_refund(Uuid::max(), &staff(), second(3));
    let retried = retried.unwrap().unwrap();
    let pending = retried.pending_refund().unwrap();
    assert_eq!((pending.amount, pending.untaxed), (won(500), Some(won(250))));
    let refused = retried.refund_refused(&no, second(4));
    let again = refused.with_refund_of(&refused.reviews[0], Uuid::from_u128(99), &staff(), second(5));
    let again = again.unwrap().unwrap();
    assert_eq!(again.pending_refund().unwrap().untaxed, Some(won(250)));
}

#[test]
fn a_cancelled_order_whose_refund_is_made_by_hand_in_parts_has_all_its_money_back_for_that_reason() {
    let part = refused(
        &refused(&paid(), RefundReason::OrderCancelled, None),
        RefundReason::Requested,
        Some(400),
    );
    let made = with_reported_refund(&part, 1000);
    let done = made.refunds.iter().filter(|refund| refund.is_done());
    let parts: Vec<_> = done.map(|refund| (refund.amount, refund.reason)).collect();
    let reason = RefundReason::OrderCancelled;
    assert_eq!(parts, [(won(600), reason), (won(400), reason)]);
}

#[test]
fn only_refunds_of_units_and_of_the_delivery_that_were_made_are_refunded_by_line() {
    let mut payment = with_pending(&paid(), RefundReason::LinesCancelled, Some(300));
    assert_eq!(payment.refunded_by_line(), 0);
    payment.refunds[0].complete(won(300), second(2));
    payment = with_pending(&payment, RefundReason::Requested, Some(100));
    payment.refunds[1].complete(won(100), second(3));
    payment = with_pending(&payment, RefundReason::Returned, Some(200));
    payment.refunds[2].complete(won(200), second(4));
    payment = with_pending(&payment, RefundReason::Delivery, Some(50));
    payment.refunds[3].complete(won(50), second(5));
    assert_eq!(payment.refunded_by_line(), 550);
}

#[test]
fn units_are_refunded_however_many_refunds_their_payment_has() {
    let mut payment = paid();
    for _ in 0..3 * MAX_REFUNDS {
        payment = reported_refund_of(&payment, RefundReason::Returned, 5);
    }
    assert_eq!(payment.refunded, won(750));
    assert_eq!(payment.refunded_by_line(), 750, "refunds that are alike become one");
    assert!(payment.refunds.len() <= MAX_REFUNDS);
    let part = payment.with_refund(
        Uuid::max(),
        Some(won(1)),
        RefundReason::Requested,
        None,
        &staff(),
        second(9),
    );
    assert_eq!(part, Err(Rejected::TooManyRefunds), "others are limited");
}

#[test]
fn the_rest_of_a_payment_is_refunded_after_as_many_refunds_of_units_as_its_list_has_places() {
    let mut payment = paid();
    for _ in 0..MAX_REFUNDS {
        payment = reported_refund_of(&payment, RefundReason::LinesCancelled, 5);
    }
    assert_eq!(payment.refunds.len(), MAX_REFUNDS);
    let request = || {
        payment.with_refund(
            Uuid::from_u128(1),
            None,
            RefundReason::Requested,
            None,
            &staff(),
            second(9),
        )
    };
    let cancelled = payment.with_cancelled_order(Uuid::max(), &staff(), second(9));
    for refunding in [request().unwrap(), cancelled.unwrap()] {
        assert_eq!(refunding.pending_refund().unwrap().amount, won(750));
        assert_eq!(refunding.refunded_by_line(), 250);
        assert!(refunding.refunds.len() <= MAX_REFUNDS);
    }
    let no = Failure::new("NOT_ENOUGH_BALANCE", "The shop's balance is too low.");
    let owed = request().unwrap().refund_refused(&no, second(9));
    assert_eq!(owed.owed(), won(750));
    let again = decided(&owed, Decision::AskAgain);
    assert_eq!(again.pending_refund().unwrap().amount, won(750));
}

/// The payment after a refund of `amount` was requested and made.
fn reported_refund_of(payment: &Payment, reason: RefundReason, amount: u64) -> Payment {
    let id = Uuid::from_u128(u128::from(payment.refunded.amount()));
    let pending = payment.with_refund(id, Some(won(amount)), reason, None, &staff(), second(1));
    let refunded = payment.refunded.amount() + amount;
    reported(&pending.unwrap(), refunded, true)
}
