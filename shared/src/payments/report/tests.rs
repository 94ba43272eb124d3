//! Tests of the changes that reports make, as tables and properties.

use crate::core::identity::CustomerId;
use crate::orders::{OrderStatus, example};
use crate::payments::report::*;
use crate::payments::tests::staff;
use crate::payments::{Decision, DisputeStatus, Review};
use iso_currency::Currency;
use proptest::prelude::*;
use uuid::Uuid;

fn won(amount: u64) -> Money {
    Money::new(amount, Currency::KRW).unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn payment(reference: &str, status: PaymentStatus) -> Payment {
    let amount = won(1000);
    Payment {
        status,
        ..Payment::new(
            Provider::Toss,
            reference.into(),
            OrderId(Uuid::nil()),
            CustomerId::new("ann"),
            amount,
            second(0),
        )
    }
}

/// An order of 1,000 won in `status` with `payment` as its latest payment.
fn order(status: OrderStatus, payment: &str) -> Order {
    Order {
        payment_id: Some(PaymentId::of(Provider::Toss, payment)),
        ..example::order(status, 1000)
    }
}

fn report(status: ProviderStatus, amount: u64, refunded: u64) -> Report {
    Report {
        provider: Provider::Toss,
        reference: "this".into(),
        order_id: OrderId(Uuid::nil()),
        amount: won(amount),
        refunded: won(refunded),
        failed_refunds: vec![],
        disputes: vec![],
        status,
        reported_at: None,
        deposit: None,
        deposit_secret: None,
    }
}

fn failed() -> ProviderStatus {
    ProviderStatus::Failed(Failure::new("REJECT_CARD_PAYMENT", "The card was declined."))
}

#[test]
fn a_report_changes_payment_and_order() {
    use OrderStatus::{Cancelled, Expired, Paid, Paying, PendingPayment};
    use PaymentStatus as P;
    use ProviderStatus::{AwaitingDeposit, Charged, Pending, Processing};
    // The payment's status, its order (with the order's latest payment), the report, and the new statuses.
    for (status, of, reported, expected) in [
        (P::Confirming, (Paying, "this"), Charged, Some((P::Paid, Some(Paid)))),
        (P::Unknown, (Paying, "this"), Charged, Some((P::Paid, Some(Paid)))),
        (
            P::Started,
            (PendingPayment, "this"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (
            P::Started,
            (PendingPayment, "other"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (
            P::Failed,
            (PendingPayment, "this"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (
            P::AwaitingDeposit,
            (PendingPayment, "this"),
            Charged,
            Some((P::Paid, Some(Paid))),
        ),
        (P::Started, (Paying, "other"), Charged, Some((P::Unservable, None))),
        (P::Started, (Paid, "other"), Charged, Some((P::Unservable, None))),
        (P::Started, (Expired, "this"), Charged, Some((P::Unservable, None))),
        (P::Started, (Cancelled, "this"), Charged, Some((P::Unservable, None))),
        (P::Paid, (Paid, "this"), Charged, None),
        (P::Unservable, (Expired, "this"), Charged, None),
        (
            P::Confirming,
            (Paying, "this"),
            failed(),
            Some((P::Failed, Some(PendingPayment))),
        ),
        (
            P::Unknown,
            (Paying, "this"),
            failed(),
            Some((P::Failed, Some(PendingPayment))),
        ),
        (P::Started, (Paying, "other"), failed(), Some((P::Failed, None))),
        (P::Started, (Expired, "this"), failed(), Some((P::Failed, None))),
        (P::Failed, (PendingPayment, "this"), failed(), None),
        (
            P::Confirming,
            (Paying, "this"),
            AwaitingDeposit,
            Some((P::AwaitingDeposit, Some(PendingPayment))),
        ),
        (P::AwaitingDeposit, (PendingPayment, "this"), AwaitingDeposit, None),
        (P::Confirming, (Paying, "this"), Pending, None),
        (P::Confirming, (Paying, "this"), Processing, None),
        (P::Paid, (Paid, "this"), failed(), None),
        (P::Paid, (Paid, "this"), AwaitingDeposit, None),
    ] {
        let order = order(of.0, of.1);
        let effect = payment("this", status).after(&report(reported.clone(), 1000, 0), &order, false, second(50));
        let found = effect
            .change()
            .map(|change| (change.payment.status, change.order.map(|order| order.status)));
        assert_eq!(found, expected, "{status:?} of {of:?}, {reported:?}");
    }
}

#[test]
fn a_failure_after_a_charge_starts_a_review_unless_it_may_be_old() {
    let (paid, order) = (payment("this", PaymentStatus::Paid), order(OrderStatus::Paid, "this"));
    for status in [failed(), ProviderStatus::AwaitingDeposit, ProviderStatus::Pending] {
        let report = report(status, 1000, 0);
        assert_eq!(paid.after(&report, &order, false, second(50)), Effect::Outdated);
        let change = paid.after(&report, &order, true, second(50)).change().unwrap();
        assert_eq!(
            (change.event_kind, change.order),
            (Some(PaymentEventKind::ReviewNeeded), None)
        );
        assert_eq!(change.payment.status, PaymentStatus::Paid);
        assert_eq!(change.payment.reviews[0].code, ReviewCode::Contradiction);
        assert_eq!(
            change.payment.after(&report, &order, true, second(51)),
            Effect::Known,
            "the review starts once"
        );
    }
}

/// A payment of 1,000 won at a provider without an API, and its order.
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
        let id = Uuid::from_u128(1);
        let decided = self
            .payment
            .with_decision(review.review_id, decision, amount.map(won), id, &staff(), second(101))
            .unwrap();
        let change = decided.change(&self.order, second(101));
        self.apply(change)
    }

    /// What the reconciler does with an unservable payment.
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
        let mut settled = Unasked {
            payment: shop.payment.clone(),
            order: shop.order.clone(),
        };
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
    let report = Report {
        provider: Provider::Standard,
        reported_at: Some(second(20)),
        ..report(ProviderStatus::Charged, 900, 0)
    };
    let change = shop
        .payment
        .after(&report, &shop.order, false, second(100))
        .change()
        .unwrap();
    assert_eq!(shop.apply(change), Some(PaymentEventKind::ReviewNeeded));
    let again = shop
        .payment
        .reviews
        .iter()
        .find(|review| shop.payment.is_charged_again(review))
        .unwrap()
        .review_id;
    shop.payment.close_reviews(|review| review.review_id != again);
    assert_eq!(
        shop.decide(Decision::Charged, Some(900)),
        Some(PaymentEventKind::Confirmed)
    );
    assert_eq!((shop.payment.amount, shop.payment.kept()), (won(900), won(900)));
}

#[test]
fn another_amount_is_a_matter_once_a_message() {
    let mut shop = Unasked::new();
    shop.charge(1);
    let report = |at| Report {
        provider: Provider::Standard,
        reported_at: Some(second(at)),
        ..report(ProviderStatus::Charged, 900, 0)
    };
    let after = |shop: &Unasked, at| {
        shop.payment
            .after(&report(at), &shop.order, false, second(100))
            .change()
    };
    let change = after(&shop, 2).unwrap();
    shop.apply(change);
    shop.decide(Decision::Settled, None);
    assert!(after(&shop, 2).is_none(), "it was decided");
    shop.fail(10);
    let change = after(&shop, 20).unwrap();
    assert_eq!(shop.apply(change), Some(PaymentEventKind::ReviewNeeded));
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
    let report = |amount, refunded, at| Report {
        provider: Provider::Standard,
        reported_at: Some(second(at)),
        ..report(ProviderStatus::Charged, amount, refunded)
    };
    for (amount, refunded, at) in [(900, 0, 1), (1000, 0, 2), (900, 900, 3)] {
        let effect = shop
            .payment
            .after(&report(amount, refunded, at), &shop.order, false, second(100));
        shop.apply(effect.change().unwrap());
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
    let report = Report {
        provider: Provider::Standard,
        reported_at: Some(second(1)),
        ..report(ProviderStatus::Charged, 900, 0)
    };
    let change = shop
        .payment
        .after(&report, &shop.order, false, second(100))
        .change()
        .unwrap();
    shop.apply(change);
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
    let decided = shop
        .payment
        .with_decision(
            review_id,
            Decision::Charged,
            Some(won(1000)),
            Uuid::nil(),
            &staff(),
            second(101),
        )
        .unwrap();
    let change = decided.change(&shop.order, second(101));
    shop.apply(change);
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
    let mut settled = Unasked {
        payment: shop.payment.clone(),
        order: shop.order.clone(),
    };
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
fn a_dispute_that_is_reported_with_the_charge_is_told() {
    let unknown = payment("this", PaymentStatus::Unknown);
    let report = Report {
        disputes: vec![ReportedDispute {
            dispute_id: "du_1".to_owned(),
            amount: won(1000),
            reason: "fraudulent".to_owned(),
            status: DisputeStatus::Open,
            funds_withdrawn: true,
        }],
        ..report(ProviderStatus::Charged, 1000, 0)
    };
    let order = order(OrderStatus::Paying, "this");
    let change = unknown.after(&report, &order, true, second(50)).change().unwrap();
    assert_eq!(change.event_kind, Some(PaymentEventKind::ReviewNeeded));
    assert_eq!(change.payment.status, PaymentStatus::Paid);
    assert_eq!(change.order.unwrap().status, OrderStatus::Paid);
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

#[test]
fn a_charge_of_another_amount_does_not_pay_the_order() {
    let confirming = payment("this", PaymentStatus::Confirming);
    let report = report(ProviderStatus::Charged, 999, 0);
    let change = confirming
        .after(&report, &order(OrderStatus::Paying, "this"), true, second(50))
        .change()
        .unwrap();
    assert_eq!(change.payment.status, PaymentStatus::Unservable);
    assert_eq!(change.payment.amount, won(999), "the refund is of the charged amount");
    assert_eq!(change.order.unwrap().status, OrderStatus::PendingPayment);
}

#[test]
fn a_charge_that_was_refunded_before_its_report_does_not_pay_the_order() {
    let unknown = payment("this", PaymentStatus::Unknown);
    let report = report(ProviderStatus::Charged, 1000, 1000);
    let change = unknown
        .after(&report, &order(OrderStatus::Paying, "this"), true, second(50))
        .change()
        .unwrap();
    assert_eq!(change.payment.status, PaymentStatus::Refunded);
    assert_eq!(change.order.unwrap().status, OrderStatus::PendingPayment);
}

#[test]
fn an_order_that_holds_its_stock_is_paid_after_its_deadline() {
    let started = payment("this", PaymentStatus::Started);
    let report = report(ProviderStatus::Charged, 1000, 0);
    let change = started
        .after(&report, &order(OrderStatus::PendingPayment, "this"), false, second(500))
        .change()
        .unwrap();
    assert_eq!(change.order.unwrap().status, OrderStatus::Paid);
}

proptest! {
    /// For any order of reports about two payments of an order: at most one of them pays it, and each charged payment
    /// either pays the order or is refunded.
    #[test]
    fn an_order_is_paid_by_one_payment_at_most(
        steps in prop::collection::vec((any::<bool>(), 0..6u8), 1..16),
    ) {
        let mut payments = [payment("this", PaymentStatus::Started), payment("that", PaymentStatus::Started)];
        let mut order = order(OrderStatus::PendingPayment, "none");
        for (n, (which, step)) in steps.into_iter().enumerate() {
            let now = second(n as i64);
            let at = usize::from(which);
            let reference = payments[at].reference.clone();
            let status = match step {
                0 => {
                    let confirming = payments[at].confirming();
                    if let (Ok(paying), Some(confirming)) = (order.paying(payments[at].payment_id, now), confirming) {
                        order = paying;
                        payments[at] = confirming;
                    }
                    continue;
                }
                1 => ProviderStatus::Charged,
                2 => failed(),
                3 => ProviderStatus::Pending,
                4 => ProviderStatus::AwaitingDeposit,
                _ => ProviderStatus::Processing,
            };
            let report = Report { reference, ..report(status, 1000, 0) };
            if let Some(change) = payments[at].after(&report, &order, true, now).change() {
                payments[at] = change.payment;
                order = change.order.unwrap_or(order);
            }
            let paid: Vec<_> = payments.iter().filter(|p| p.status == PaymentStatus::Paid).collect();
            prop_assert!(paid.len() <= 1);
            prop_assert_eq!(order.status == OrderStatus::Paid, paid.len() == 1);
            for payment in &payments {
                if payment.paid_at.is_some() {
                    prop_assert!(payment.status.is_charged());
                }
                let is_under_way = matches!(payment.status, PaymentStatus::Confirming | PaymentStatus::Unknown);
                prop_assert!(!is_under_way || order.payment_id == Some(payment.payment_id), "the order has the payment in progress");
            }
        }
    }

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
