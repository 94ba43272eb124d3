//! Messages of a provider without an API, in any order of arrival, and the decisions about them.

use proptest::prelude::*;
use uuid::Uuid;

use crate::orders::OrderStatus;
use crate::payments::report::tests::{failed, order, payment, report, second, won};
use crate::payments::report::*;
use crate::payments::tests::staff;
use crate::payments::{Decision, DisputeStatus, Review};

/// A payment of 1,000 won at a provider without an API, and its order.
#[derive(Clone)]
struct Unasked {
    payment: Payment,
    order: Order,
}

impl Unasked {
    fn new() -> Self {
        Self {
            payment: Payment {
                provider: Provider::Standard,
                ..payment("this", PaymentStatus::Started)
            },
            order: order(OrderStatus::PendingPayment, "none"),
        }
    }

    /// A message of the time `at` arrives. Returns the event.
    fn hear(&mut self, status: ProviderStatus, refunded: u64, at: Option<i64>) -> Option<PaymentEventKind> {
        let report = Report {
            provider: Provider::Standard,
            reported_at: at.map(second),
            ..report(status, 1000, refunded)
        };
        let change = self.payment.after(&report, &self.order, false, second(100)).change()?;
        self.apply(change)
    }

    /// A message of a charge of `amount`, of which `refunded` went back, arrives. Returns the event.
    fn hear_amount(&mut self, amount: u64, refunded: u64, at: i64) -> Option<PaymentEventKind> {
        let report = Report {
            provider: Provider::Standard,
            reported_at: Some(second(at)),
            ..report(ProviderStatus::Charged, amount, refunded)
        };
        let effect = self.payment.after(&report, &self.order, false, second(100));
        self.apply(effect.change()?)
    }

    fn charge(&mut self, at: i64) -> Option<PaymentEventKind> {
        self.hear(ProviderStatus::Charged, 0, Some(at))
    }

    fn fail(&mut self, at: i64) -> Option<PaymentEventKind> {
        self.hear(failed(), 0, Some(at))
    }

    fn apply(&mut self, change: Change) -> Option<PaymentEventKind> {
        self.payment = change.payment;
        self.order = change.order.unwrap_or_else(|| self.order.clone());
        change.event_kind
    }

    /// Decides the only matter. Returns the event.
    fn decide(&mut self, decision: Decision, amount: Option<u64>) -> Option<PaymentEventKind> {
        let [review] = &self.payment.reviews[..] else {
            panic!("one matter: {:?}", self.payment);
        };
        self.decide_about(review.review_id, decision, amount)
    }

    fn decide_about(&mut self, review_id: Uuid, decision: Decision, amount: Option<u64>) -> Option<PaymentEventKind> {
        let decided = self
            .payment
            .with_decision(review_id, decision, amount.map(won), Uuid::nil(), &staff(), second(101))
            .unwrap();
        let change = decided.change(&self.order, second(101));
        self.apply(change)
    }

    /// The reconciler's work on an unservable payment.
    fn reconcile(&mut self) {
        if self.payment.status == PaymentStatus::Unservable
            && !self.payment.is_blocked()
            && let Some(change) = self.payment.applied_to_order(&self.order, second(102))
        {
            self.apply(change);
        }
    }

    fn is_in_review(&self) -> bool {
        self.payment.is_in_review()
    }
}

#[test]
fn each_newer_failure_of_a_charged_payment_is_a_matter_of_its_own() {
    for decision in [(Decision::Settled, None), (Decision::TakenBack, Some(500))] {
        let mut shop = Unasked::new();
        shop.charge(1);
        assert_eq!(shop.fail(10), Some(PaymentEventKind::ReviewNeeded));
        shop.decide(decision.0, decision.1);
        assert_eq!(shop.fail(10), None, "it was decided");
        assert_eq!(shop.fail(5), None, "it is older");
        assert!(!shop.is_in_review());
        assert_eq!(shop.fail(30), Some(PaymentEventKind::ReviewNeeded));
        assert_eq!(
            shop.fail(40),
            Some(PaymentEventKind::ReviewNeeded),
            "instead of the older"
        );
        assert_eq!(shop.payment.reviews.len(), 1);
        shop.decide(Decision::TakenBack, None);
        assert_eq!(shop.payment.status, PaymentStatus::Reversed);
    }
}

#[test]
fn a_success_after_money_was_taken_back_is_a_matter_and_the_money_can_be_recorded_again() {
    for failed_first in [true, false] {
        let mut shop = Unasked::new();
        if failed_first {
            shop.fail(10);
            shop.charge(1);
        } else {
            shop.charge(1);
            shop.fail(10);
        }
        assert_eq!(shop.decide(Decision::TakenBack, None), Some(PaymentEventKind::Reversed));
        assert_eq!(shop.payment.status, PaymentStatus::Reversed);
        assert_eq!(shop.charge(20), Some(PaymentEventKind::ReviewNeeded));
        assert_eq!(shop.charge(20), None);
        let mut settled = shop.clone();
        settled.decide(Decision::Settled, None);
        assert_eq!(
            (settled.payment.status, settled.charge(20)),
            (PaymentStatus::Reversed, None)
        );
        shop.decide(Decision::Charged, None);
        shop.reconcile();
        assert_eq!(
            (shop.payment.status, shop.payment.kept()),
            (PaymentStatus::Paid, won(1000))
        );
        assert_eq!(shop.order.status, OrderStatus::Paid);
        assert_eq!(shop.fail(30), Some(PaymentEventKind::ReviewNeeded));
    }
}

#[test]
fn a_success_with_another_amount_after_money_was_taken_back_can_be_recorded() {
    let mut shop = Unasked::new();
    shop.charge(1);
    shop.fail(10);
    shop.decide(Decision::TakenBack, None);
    assert_eq!(shop.hear_amount(900, 0, 20), Some(PaymentEventKind::ReviewNeeded));
    let again = shop
        .payment
        .reviews
        .iter()
        .find(|review| shop.payment.is_charged_again(review))
        .unwrap()
        .review_id;
    assert_eq!(
        shop.decide_about(again, Decision::Charged, Some(900)),
        Some(PaymentEventKind::Confirmed)
    );
    assert_eq!((shop.payment.amount, shop.payment.kept()), (won(900), won(900)));
}

#[test]
fn another_amount_is_a_matter_once_a_message() {
    let mut shop = Unasked::new();
    shop.charge(1);
    shop.hear_amount(900, 0, 2);
    shop.decide(Decision::Settled, None);
    assert_eq!(shop.hear_amount(900, 0, 2), None, "it was decided");
    shop.fail(10);
    assert_eq!(shop.hear_amount(900, 0, 20), Some(PaymentEventKind::ReviewNeeded));
    assert_eq!(shop.payment.reviews.len(), 1, "in place of the failure");
}

#[test]
fn an_older_success_after_money_was_taken_back_is_no_news() {
    let mut shop = Unasked::new();
    shop.charge(10);
    shop.hear(failed(), 0, None);
    shop.decide(Decision::TakenBack, Some(100));
    assert_eq!((shop.charge(10), shop.charge(5)), (None, None));
    assert_eq!(
        shop.charge(20),
        Some(PaymentEventKind::ReviewNeeded),
        "newer than what was known"
    );
}

#[test]
fn a_part_that_was_taken_back_is_no_longer_owed() {
    let mut shop = Unasked::new();
    shop.charge(1);
    let refunding = shop.payment.with_refund(
        Uuid::max(),
        Some(won(400)),
        RefundReason::Requested,
        None,
        &staff(),
        second(100),
    );
    shop.payment = refunding
        .unwrap()
        .refund_refused(&Failure::new("NO_API", "No."), second(100));
    assert_eq!(
        shop.decide(Decision::TakenBack, Some(300)),
        Some(PaymentEventKind::Reversed)
    );
    assert_eq!((shop.payment.owed(), shop.payment.kept()), (won(100), won(700)));
}

#[test]
fn a_payment_whose_recorded_amount_was_refunded_does_not_pay_the_order_with_the_rest() {
    let mut shop = Unasked::new();
    for (amount, refunded, at) in [(900, 0, 1), (1000, 0, 2), (900, 900, 3)] {
        shop.hear_amount(amount, refunded, at);
    }
    shop.decide(Decision::Charged, Some(1000));
    shop.reconcile();
    assert_eq!(
        (shop.order.status, shop.payment.owed()),
        (OrderStatus::PendingPayment, won(100))
    );
}

#[test]
fn a_payment_that_pays_its_order_keeps_the_matter_of_a_dispute() {
    let mut shop = Unasked::new();
    shop.fail(10);
    shop.charge(1);
    let inquiry = ReportedDispute {
        dispute_id: "du_1".to_owned(),
        amount: won(1000),
        reason: "fraudulent".to_owned(),
        status: DisputeStatus::Open,
        funds_withdrawn: false,
    };
    shop.payment.apply_dispute(&inquiry, second(100));
    shop.charge(20);
    shop.reconcile();
    assert_eq!(shop.order.status, OrderStatus::Paid);
    assert_eq!(shop.payment.reviews[0].code, ReviewCode::Disputed);
}

#[test]
fn a_corrected_amount_pays_the_order_that_waits_even_after_a_refused_refund() {
    let mut shop = Unasked::new();
    shop.hear_amount(900, 0, 1);
    let refunding = shop
        .payment
        .with_refund(Uuid::max(), None, RefundReason::Unservable, None, &staff(), second(100));
    shop.payment = refunding
        .unwrap()
        .refund_refused(&Failure::new("NO_API", "No."), second(100));
    assert_eq!(shop.charge(2), Some(PaymentEventKind::ReviewNeeded));
    let is_of_refund = |review: &Review| review.code == ReviewCode::RefundRefused;
    let amounts = shop.payment.reviews.iter().find(|review| !is_of_refund(review));
    let review_id = amounts.unwrap().review_id;
    shop.decide_about(review_id, Decision::Charged, Some(1000));
    assert_eq!(
        (shop.order.status, shop.payment.status),
        (OrderStatus::Paid, PaymentStatus::Paid)
    );
    assert!(
        !shop.is_in_review() && shop.payment.owed().amount() == 0,
        "{:?}",
        shop.payment
    );
}

#[test]
fn a_payment_that_is_released_from_its_review_is_resolved_at_once() {
    let mut shop = Unasked::new();
    shop.fail(10);
    shop.charge(1);
    let mut settled = shop.clone();
    assert_eq!(
        settled.decide(Decision::Settled, None),
        Some(PaymentEventKind::Unservable)
    );
    assert_eq!(shop.charge(20), Some(PaymentEventKind::Unservable));
    for mut shop in [settled, shop] {
        shop.reconcile();
        assert_eq!(shop.order.status, OrderStatus::Paid);
    }
}

#[test]
fn a_success_without_a_time_counts_as_news_until_its_time_is_known() {
    let mut shop = Unasked::new();
    shop.fail(10);
    shop.hear(ProviderStatus::Charged, 0, None);
    assert_eq!(shop.order.status, OrderStatus::Paid);
    assert_eq!(shop.fail(10), None, "it was known before the charge");
    assert_eq!(shop.charge(1), Some(PaymentEventKind::ReviewNeeded));
    assert_eq!(shop.charge(10), None, "charged at the time of the failure");
    assert!(!shop.is_in_review());
}

proptest! {
    /// Messages of a provider without an API arrive in any order, once or twice. The latest of success and failure decides:
    /// after a failure a person does.
    #[test]
    fn the_last_word_of_a_provider_without_an_api_decides_in_any_order_of_arrival(
        messages in prop::collection::vec(0..3u8, 1..7).prop_flat_map(|kinds| {
            let dated: Vec<(i64, u8)> = (1..).zip(kinds).collect();
            Just(dated).prop_shuffle()
        }),
    ) {
        let mut shop = Unasked::new();
        let last = |wanted: fn(u8) -> bool| messages.iter().filter(|message| wanted(message.1)).map(|message| message.0).max();
        let (failed_at, charged_at) = (last(|kind| kind == 0), last(|kind| kind == 1));
        let is_charged = last(|kind| kind > 0).is_some();
        for pass in 1..=2 {
            for (at, kind) in messages.iter().copied() {
                let (status, refunded) = match kind {
                    0 => (failed(), 0),
                    1 => (ProviderStatus::Charged, 0),
                    _ => (ProviderStatus::Charged, 300),
                };
                shop.hear(status, refunded, Some(at));
                let is_paid = shop.payment.status == PaymentStatus::Paid;
                prop_assert_eq!(shop.order.status == OrderStatus::Paid, is_paid);
            }
            shop.reconcile();
            prop_assert_eq!(shop.payment.status.is_charged(), is_charged);
            // A refund alone does not tell when the charge was made.
            let is_contradicted = is_charged && failed_at > charged_at;
            prop_assert_eq!(shop.is_in_review(), is_contradicted, "pass {}: {:?}", pass, shop.payment);
            if is_charged && !is_contradicted {
                let refunded = if last(|kind| kind == 2).is_some() { 300 } else { 0 };
                prop_assert_eq!(shop.payment.refunded, won(refunded));
                prop_assert_eq!(shop.order.status, OrderStatus::Paid);
            }
        }
    }
}
